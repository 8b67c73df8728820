import type { Scheme } from '../core/exchange.ts'
import type { PairId, RecordedRequest } from '../core/pair.ts'
import type { BodyReader } from './body-table.ts'
import { fieldReader } from './field-lines.ts'

/** Content up to so many bytes comes with its row: of a whole page 8 MiB at most. */
const BYTES_IN_ROW = 16 * 1024

/** As {@link SELECT_REQUEST} gives it; whatever a file says. */
export type RequestRow = readonly unknown[]

/**
 * Gives rows for {@link requestReader}, as lists; a condition follows. Text is read several times as fast as bytes are:
 * of what is not ASCII, better-sqlite3 makes characters that are not either.
 */
export const SELECT_REQUEST = `
SELECT pair.id, scheme, CAST(authority AS TEXT), CAST(method AS TEXT), CAST(target AS TEXT), request_http,
  CAST(request_headers AS TEXT), CAST(request_trailers AS TEXT), request_body_id,
  size, CASE WHEN size <= ${BYTES_IN_ROW} THEN bytes END
FROM pair LEFT JOIN body ON body.id = request_body_id`

/**
 * Reads the requests of plain rows: ASCII, with fields that are sound by themselves, without trailers. All others, few
 * if any, are read as pairs are.
 * @param pair reads a pair
 */
export function requestReader(
  bodies: BodyReader,
  pair: (id: PairId) => RecordedRequest,
): (row: RequestRow) => RecordedRequest {
  const fieldsIn = fieldReader()
  return (row) => {
    const [id, scheme, authority, method, target, httpVersion, lines, trailers, ...content] = row
    if (typeof id !== 'number') return pair(Number(id))
    const headers = typeof lines === 'string' ? fieldsIn(lines) : undefined
    const isPlain = isAscii(authority) && isAscii(target) && typeof httpVersion === 'string'
    if (!isScheme(scheme) || !isPlain || !isToken(method) || headers === undefined || trailers !== '')
      return pair(id)
    const body = bodyOf(content, bodies)
    return { id, request: { scheme, authority, method, target, httpVersion, headers, body, trailers: [] } }
  }
}

/** @param content the id of its body, and what the body's row says */
function bodyOf([id, size, bytes]: readonly unknown[], bodies: BodyReader): Uint8Array {
  if (id === null) return NO_BYTES
  const isWhole = bytes instanceof Uint8Array && bytes.length === size
  return isWhole ? bytes : bodies.get(Number(id))
}

const NO_BYTES = new Uint8Array()

function isScheme(scheme: unknown): scheme is Scheme {
  return scheme === 'http' || scheme === 'https'
}

function isAscii(text: unknown): text is string {
  return typeof text === 'string' && ASCII.test(text)
}

const ASCII = /^[\x20-\x7e]*$/

function isToken(text: unknown): text is string {
  return typeof text === 'string' && TOKEN.test(text)
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
