import { binaryText } from '../core/binary-text.ts'
import { ResealError } from '../core/errors.ts'
import type {
  HttpRequest,
  HttpResponse,
  Outcome,
  RequestHead,
  ResponseHead,
  Scheme,
} from '../core/exchange.ts'
import { decodeHeaderLines, encodeHeaderLines, type RawHeaders } from '../core/headers.ts'
import type { PairFacts, PairHead, RRPair } from '../core/pair.ts'
import type { BodyId, BodyReader } from './body-table.ts'

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>

/** What a pair's row refers to. */
export interface PairReferences {
  readonly routeId: number
  readonly requestBodyId: BodyId
  readonly responseBodyId: BodyId
}

const COLUMNS = [
  'id at first_byte_ms took_ms route_id outcome error',
  'scheme authority method target request_http request_headers request_trailers',
  'request_body_id request_bytes request_truncated',
  'status reason response_http response_headers response_trailers',
  'response_body_id response_bytes response_truncated',
].flatMap((names) => names.split(' '))

/** Takes the object of {@link pairRow}. */
export const INSERT_PAIR = `INSERT INTO pair (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((name) => `@${name}`).join(', ')})`

/** Gives rows for {@link parsePair} and {@link parseHead}; a condition follows. */
export const SELECT_PAIR = `SELECT ${COLUMNS.map((name) => `pair.${name}`).join(', ')}, listen, route.target AS route_target
  FROM pair JOIN route ON route.id = route_id`

const OUTCOMES: readonly Outcome[] = ['complete', 'client aborted', 'upstream aborted', 'upstream error']
const SCHEMES: readonly Scheme[] = ['http', 'https']

/**
 * The row of a pair.
 * @throws ResealError SNAPSHOT_WRITE when a text that stands for bytes has a character that is none, or a header
 * field has a line break: such a pair was never on a wire, and would not come back as it was
 */
export function pairRow(pair: RRPair, references: PairReferences): Readonly<Record<string, unknown>> {
  const { request, response } = pair
  const bytes = (what: string, text: string): Buffer => textBytes(pair.id, what, text)
  const lines = (what: string, fields: RawHeaders): Uint8Array => headerLines(pair.id, what, fields)
  return {
    id: pair.id,
    at: pair.at,
    first_byte_ms: pair.firstByteMs,
    took_ms: pair.tookMs,
    route_id: references.routeId,
    outcome: pair.outcome,
    error: pair.error?.toWellFormed(),
    scheme: request.scheme,
    authority: bytes('authority', request.authority),
    method: bytes('method', request.method),
    target: bytes('target', request.target),
    request_http: request.httpVersion,
    request_headers: lines('request headers', request.headers),
    request_trailers: lines('request trailers', request.trailers),
    request_body_id: references.requestBodyId,
    request_bytes: pair.requestBytes,
    request_truncated: Number(pair.requestTruncated),
    status: response?.status,
    reason: response && bytes('reason phrase', response.reason),
    response_http: response?.httpVersion,
    response_headers: response && lines('response headers', response.headers),
    response_trailers: response && lines('response trailers', response.trailers),
    response_body_id: references.responseBodyId,
    response_bytes: pair.responseBytes,
    response_truncated: Number(pair.responseTruncated),
  }
}

/** A pair's row without its bodies. @throws ResealError SNAPSHOT_INVALID when a column holds what it cannot */
export function parseHead(row: Row, file: string): PairHead {
  const columns = columnsOf(row, file)
  return { ...facts(columns), request: requestHead(columns), response: responseHead(columns) }
}

/** A pair's row with its bodies. @throws ResealError SNAPSHOT_INVALID when a column holds what it cannot */
export function parsePair(row: Row, file: string, bodies: BodyReader): RRPair {
  const columns = columnsOf(row, file)
  const request: HttpRequest = {
    ...requestHead(columns),
    body: bodies.get(columns.optionalNumber('request_body_id') ?? null),
    trailers: decodeHeaderLines(columns.bytes('request_trailers')),
  }
  const head = responseHead(columns)
  const response: HttpResponse | undefined = head && {
    ...head,
    body: bodies.get(columns.optionalNumber('response_body_id') ?? null),
    trailers: decodeHeaderLines(columns.bytes('response_trailers')),
  }
  return { ...facts(columns), request, response }
}

function facts(columns: Columns): PairFacts {
  return {
    id: columns.number('id'),
    at: columns.number('at'),
    firstByteMs: columns.optionalNumber('first_byte_ms'),
    tookMs: columns.number('took_ms'),
    route: { listen: columns.text('listen'), target: columns.text('route_target') },
    outcome: columns.oneOf('outcome', OUTCOMES),
    error: columns.optionalText('error'),
    requestBytes: columns.number('request_bytes'),
    responseBytes: columns.number('response_bytes'),
    requestTruncated: columns.number('request_truncated') === 1,
    responseTruncated: columns.number('response_truncated') === 1,
  }
}

function requestHead(columns: Columns): RequestHead {
  return {
    scheme: columns.oneOf('scheme', SCHEMES),
    authority: binaryText(columns.bytes('authority')),
    method: binaryText(columns.bytes('method')),
    target: binaryText(columns.bytes('target')),
    httpVersion: columns.text('request_http'),
    headers: decodeHeaderLines(columns.bytes('request_headers')),
  }
}

function responseHead(columns: Columns): ResponseHead | undefined {
  const status = columns.optionalNumber('status')
  return status === undefined
    ? undefined
    : {
        status,
        reason: binaryText(columns.bytes('reason')),
        httpVersion: columns.text('response_http'),
        headers: decodeHeaderLines(columns.bytes('response_headers')),
      }
}

/** Typed access to a row of which nothing is known. */
interface Columns {
  number(name: string): number
  optionalNumber(name: string): number | undefined
  text(name: string): string
  optionalText(name: string): string | undefined
  bytes(name: string): Uint8Array
  oneOf<T extends string>(name: string, values: readonly T[]): T
}

function columnsOf(row: Row, file: string): Columns {
  const wrong = (name: string): ResealError =>
    new ResealError('SNAPSHOT_INVALID', `pair ${String(row.id)} of ${file} has no readable "${name}"`, {
      hint: 'See what else is wrong with: reseal verify',
    })
  const optionalNumber = (name: string): number | undefined => {
    const value = row[name]
    if (value !== null && typeof value !== 'number') throw wrong(name)
    return value ?? undefined
  }
  const optionalText = (name: string): string | undefined => {
    const value = row[name]
    if (value !== null && typeof value !== 'string') throw wrong(name)
    return value ?? undefined
  }
  const needed = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw wrong(name)
    return value
  }
  return {
    number: (name) => needed(name, optionalNumber(name)),
    optionalNumber,
    text: (name) => needed(name, optionalText(name)),
    optionalText,
    bytes: (name) => {
      const value = row[name]
      if (!(value instanceof Uint8Array)) throw wrong(name)
      return value
    },
    oneOf: (name, values) =>
      needed(
        name,
        values.find((value) => value === row[name]),
      ),
  }
}

// eslint-disable-next-line no-control-regex -- every byte is meant
const BYTES_ONLY = /^[\x00-\xff]*$/

function textBytes(id: number, what: string, text: string): Buffer {
  if (BYTES_ONLY.test(text)) return Buffer.from(text, 'latin1')
  throw unwritable(id, `a character of its ${what} is no byte on the wire`)
}

function headerLines(id: number, what: string, fields: RawHeaders): Uint8Array {
  for (const [name, value] of fields) {
    if (!BYTES_ONLY.test(name) || !BYTES_ONLY.test(value)) {
      throw unwritable(id, `a character of its ${what} is no byte on the wire`)
    }
    if (name.includes(': ') || name.includes('\r\n') || value.includes('\r\n')) {
      throw unwritable(id, `a field of its ${what} has more than one line`)
    }
  }
  return encodeHeaderLines(fields)
}

function unwritable(id: number, why: string): ResealError {
  return new ResealError('SNAPSHOT_WRITE', `pair ${id} cannot be stored: ${why}`)
}
