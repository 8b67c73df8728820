import type Database from 'better-sqlite3'
import { binaryText } from '../core/binary-text.ts'
import type { HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { AnsweringPair, PairId } from '../core/pair.ts'
import { isWireText } from './pair-fault.ts'
import { unusablePair } from './row-columns.ts'

/**
 * Finds the answer of a plain pair by one statement of few columns: it runs for every request that is not in memory.
 * Plain is what came whole, in one piece, with nothing before it and fields in ASCII, and is stored in one row: almost
 * every pair.
 */
export type AnswerReader = (id: PairId) => AnsweringPair | undefined

/**
 * `OK` and no trailers are left out and fields are text, since each BLOB costs as much as a look-up. Subqueries stand
 * for joins, which take better-sqlite3 five times as long.
 */
const SELECT_ANSWER = `
  SELECT CAST(method AS TEXT), first_byte_ms, took_ms, status, nullif(reason, x'4f4b'), response_http,
    CAST(response_headers AS TEXT), CAST(nullif(response_trailers, x'') AS TEXT), response_bytes, response_body_id,
    (SELECT bytes FROM body WHERE id = response_body_id)
  FROM pair
  WHERE id = ? AND outcome = 'complete' AND status >= 200 AND response_chunks IS NULL
    AND request_truncated = 0 AND response_truncated = 0
    AND NOT EXISTS (SELECT 1 FROM interim WHERE pair_id = pair.id)`

/**
 * @param file named in errors
 * @returns a reader that gives undefined for every pair that is not plain, and throws ResealError SNAPSHOT_INVALID for
 * one that cannot be used
 */
export function answerReader(db: Database.Database, file: string): AnswerReader {
  const select = db.prepare<[PairId], readonly unknown[]>(SELECT_ANSWER).raw()
  const sizeOf = db.prepare<[unknown], number>('SELECT size FROM body WHERE id = ?').pluck()
  const fieldsIn = fieldReader()
  return (id) => {
    const row = select.get(id)
    if (row === undefined) return undefined
    const unusable = (fault: string): Error => unusablePair(id, file, fault)
    const [method, firstByteMs, tookMs, status, reason, httpVersion, headers, trailers, passed, body, bytes] =
      row
    const content = bytes instanceof Uint8Array ? bytes : NO_BYTES
    if (content.length >= ROW_BYTES) return undefined
    // A body that was changed since it passed has another size.
    const size = content.length === passed ? passed : body === null ? 0 : sizeOf.get(body)
    if (size !== content.length) return undefined
    if (typeof method !== 'string' || typeof tookMs !== 'number' || !isOptionalNumber(firstByteMs))
      throw unusable('it has no readable method or time')
    const fields = fieldsIn(headers)
    const after = trailers === null ? [] : fieldsIn(trailers)
    if (fields === undefined || after === undefined) return undefined
    const line = statusLine([status, reason, httpVersion], unusable)
    const response = { ...line, headers: fields, body: content, trailers: after }
    return { ...WHOLE, firstByteMs: firstByteMs ?? undefined, tookMs, request: { method }, response }
  }
}

/** A body whose first row is full may have a second. */
const ROW_BYTES = 1024 * 1024
const NO_BYTES = new Uint8Array()
const WHOLE = {
  outcome: 'complete',
  error: undefined,
  requestTruncated: false,
  responseTruncated: false,
} as const

function isOptionalNumber(value: unknown): value is number | null {
  return value === null || typeof value === 'number'
}

function statusLine(
  [status, reason, httpVersion]: readonly unknown[],
  unusable: (fault: string) => Error,
): Pick<HttpResponse, 'status' | 'reason' | 'httpVersion'> {
  const words = reason instanceof Uint8Array ? binaryText(reason) : reason === null ? 'OK' : undefined
  if (typeof status !== 'number' || status > 999) throw unusable('its status is no whole answer: 200 to 999')
  if (typeof httpVersion !== 'string') throw unusable('it has no readable "response_http"')
  if (words === undefined || !isWireText(words)) throw unusable('its reason phrase cannot be on a wire')
  return { status, reason: words, httpVersion }
}

/** Lines of fields as a recorder writes them, each sound by itself (RFC 9110 §5.1, §5.5); ASCII reads the same in UTF-8. */
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e]*\r\n)*$/
/** How many heads are remembered, and the longest. */
const REMEMBERED_HEADS = 1024
const LONGEST_HEAD = 2048

/** Reads header lines; equal ones give one array. Undefined for those that are to be read as bytes, sound or not. */
function fieldReader(): (lines: unknown) => RawHeaders | undefined {
  const remembered = new Map<string, RawHeaders>()
  return (lines) => {
    if (typeof lines !== 'string') return undefined
    const known = remembered.get(lines)
    if (known !== undefined) return known
    if (!FIELD_LINES.test(lines)) return undefined
    const fields = fieldsOf(lines)
    if (lines.length > LONGEST_HEAD) return fields
    if (remembered.size >= REMEMBERED_HEADS) remembered.clear()
    remembered.set(lines, fields)
    return fields
  }
}

function fieldsOf(lines: string): RawHeaders {
  const fields: [string, string][] = []
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(': ', at)
    const end = lines.indexOf('\r\n', colon)
    fields.push([lines.slice(at, colon), lines.slice(colon + 2, end)])
    at = end + 2
  }
  return fields
}
