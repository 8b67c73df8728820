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
import { encodeHeaderLines, type RawHeaders } from '../core/headers.ts'
import type { AskedPair, PairFacts, PairHead, RRPair } from '../core/pair.ts'
import type { BodyId, BodyReader } from './body-table.ts'
import { pairFault, storedFields } from './pair-fault.ts'

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
 * @throws ResealError SNAPSHOT_WRITE when a text that stands for bytes has a character that is none, a header field has
 * a line break, or {@link parsePair} would refuse it: such a pair was never on a wire, and would not come back as it was
 */
export function pairRow(pair: RRPair, references: PairReferences): Readonly<Record<string, unknown>> {
  const { request, response } = pair
  const bytes = (what: string, text: string): Buffer => textBytes(pair.id, what, text)
  const lines = (what: string, fields: RawHeaders): Uint8Array => headerLines(pair.id, what, fields)
  const row = {
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
  const fault = pairFault({
    ...pair,
    requestTrailers: request.trailers,
    responseTrailers: response?.trailers ?? [],
  })
  if (fault !== undefined) throw unwritable(pair.id, fault)
  return row
}

/** A pair's row without its bodies. @throws ResealError SNAPSHOT_INVALID when a column holds what it cannot */
export function parseHead(row: Row, file: string): PairHead {
  return judgedRow(row, file).head
}

/** A pair's row with the body of its request. @throws ResealError SNAPSHOT_INVALID when a column holds what it cannot */
export function parseAsked(row: Row, file: string, bodies: BodyReader): AskedPair {
  const { head, columns, requestTrailers } = judgedRow(row, file)
  const body = bodies.get(columns.optionalNumber('request_body_id') ?? null)
  return { ...head, request: { ...head.request, body, trailers: requestTrailers } }
}

/** A pair's row with its bodies. @throws ResealError SNAPSHOT_INVALID when a column holds what it cannot */
export function parsePair(row: Row, file: string, bodies: BodyReader): RRPair {
  const { head, columns, requestTrailers, responseTrailers } = judgedRow(row, file)
  const body = (name: string): Uint8Array => bodies.get(columns.optionalNumber(name) ?? null)
  const request: HttpRequest = {
    ...head.request,
    body: body('request_body_id'),
    trailers: requestTrailers,
  }
  const response: HttpResponse | undefined = head.response && {
    ...head.response,
    body: body('response_body_id'),
    trailers: responseTrailers,
  }
  return { ...head, request, response }
}

interface JudgedRow {
  readonly head: PairHead
  readonly columns: Columns
  readonly requestTrailers: RawHeaders
  readonly responseTrailers: RawHeaders
}

/** Trailers are judged with the head, though listings do not give them: a row is refused at load or never. */
function judgedRow(row: Row, file: string): JudgedRow {
  const columns = columnsOf(row, file)
  const head = { ...facts(columns), request: requestHead(columns), response: responseHead(columns) }
  const requestTrailers = columns.fields('request_trailers')
  const responseTrailers = head.response === undefined ? [] : columns.fields('response_trailers')
  const fault = pairFault({ ...head, requestTrailers, responseTrailers })
  if (fault !== undefined) throw unusable(row, file, fault)
  return { head, columns, requestTrailers, responseTrailers }
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
    headers: columns.fields('request_headers'),
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
        headers: columns.fields('response_headers'),
      }
}

/** Typed access to a row of which nothing is known. */
interface Columns {
  number(name: string): number
  optionalNumber(name: string): number | undefined
  text(name: string): string
  optionalText(name: string): string | undefined
  bytes(name: string): Uint8Array
  /** Of a column of header lines. */
  fields(name: string): RawHeaders
  oneOf<T extends string>(name: string, values: readonly T[]): T
}

function columnsOf(row: Row, file: string): Columns {
  const wrong = (name: string): ResealError => unusable(row, file, `it has no readable "${name}"`)
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
  const bytes = (name: string): Uint8Array => {
    const value = row[name]
    if (!(value instanceof Uint8Array)) throw wrong(name)
    return value
  }
  return {
    number: (name) => needed(name, optionalNumber(name)),
    optionalNumber,
    text: (name) => needed(name, optionalText(name)),
    optionalText,
    bytes,
    fields: (name) => {
      const fields = storedFields(bytes(name))
      if (fields !== undefined) return fields
      throw unusable(row, file, `its ${name.replace('_', ' ')} have a field that cannot be on a wire`)
    },
    oneOf: (name, values) =>
      needed(
        name,
        values.find((value) => value === row[name]),
      ),
  }
}

function unusable(row: Row, file: string, fault: string): ResealError {
  return new ResealError(
    'SNAPSHOT_INVALID',
    `pair ${String(row['id'])} of ${file} cannot be used: ${fault}`,
    {
      hint: 'See what else is wrong with: reseal verify',
    },
  )
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
