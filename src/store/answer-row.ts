import type Database from 'better-sqlite3'
import { binaryText } from '../core/binary-text.ts'
import type { HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { AnsweringPair, PairId } from '../core/pair.ts'
import { isWireText } from './pair-fault.ts'
import { unusablePair } from './row-columns.ts'

/**
 * Finds the answer of a plain pair by one statement of few columns: it runs for every request that is not in memory.
 * Plain is what came whole, in one piece, with nothing before it, and is stored in one row: almost every pair.
 */
export type AnswerReader = (id: PairId) => AnsweringPair | undefined

/**
 * `OK` and no trailers are left out, since each BLOB costs as much as a look-up. Subqueries stand for joins, which take
 * better-sqlite3 five times as long.
 */
const SELECT_ANSWER = `
  SELECT CAST(method AS TEXT), first_byte_ms, took_ms, status, nullif(reason, x'4f4b'), response_http,
    response_headers, nullif(response_trailers, x''), response_bytes, response_body_id,
    (SELECT bytes FROM body_chunk WHERE body_id = response_body_id AND seq = 0)
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
    const response = parseResponse([status, reason, httpVersion, headers, trailers], content, unusable)
    if (typeof method !== 'string' || typeof tookMs !== 'number' || !isOptionalNumber(firstByteMs))
      throw unusable('it has no readable method or time')
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

function parseResponse(
  [status, reason, httpVersion, headers, trailers]: readonly unknown[],
  body: Uint8Array,
  unusable: (fault: string) => Error,
): HttpResponse {
  const words = reason instanceof Uint8Array ? binaryText(reason) : reason === null ? 'OK' : undefined
  if (typeof status !== 'number' || status > 999) throw unusable('its status is no whole answer: 200 to 999')
  if (typeof httpVersion !== 'string') throw unusable('it has no readable "response_http"')
  if (words === undefined || !isWireText(words)) throw unusable('its reason phrase cannot be on a wire')
  const fields = wireFields(headers)
  if (fields === undefined) throw unusable('its response headers have a field that cannot be on a wire')
  const after = trailers === null ? [] : wireFields(trailers)
  if (after === undefined) throw unusable('its response trailers have a field that cannot be on a wire')
  return { status, reason: words, httpVersion, headers: fields, body, trailers: after }
}

/** Lines of fields as a recorder writes them, each sound by itself (RFC 9110 §5.1, §5.5). */
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n)*$/

/** The fields of stored header lines; undefined when they hold anything else. */
function wireFields(bytes: unknown): RawHeaders | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined
  const text = binaryText(bytes)
  if (!FIELD_LINES.test(text)) return undefined
  const fields: [string, string][] = []
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(': ', at)
    const end = text.indexOf('\r\n', colon)
    fields.push([text.slice(at, colon), text.slice(colon + 2, end)])
    at = end + 2
  }
  return fields
}
