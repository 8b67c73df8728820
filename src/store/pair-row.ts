import { binaryText } from '../core/binary-text.ts'
import type {
  ContentChunk,
  HttpRequest,
  HttpResponse,
  Outcome,
  RequestHead,
  ResponseHead,
  Scheme,
} from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { AskedPair, PairFacts, PairHead, PairId, Route, RRPair } from '../core/pair.ts'
import type { BodyReader } from './body-table.ts'
import { chunksFault, decodeChunks, encodeChunks } from './chunk-list.ts'
import { pairFault } from './pair-fault.ts'
import type { PassageReader } from './passage-table.ts'
import { columnsOf, unusablePair, type Columns, type Row } from './row-columns.ts'
import { headerBytes, textBytes, unwritablePair } from './wire-bytes.ts'

const COLUMNS = [
  'id at first_byte_ms took_ms route_id outcome error',
  'scheme authority method target request_http request_headers request_trailers',
  'request_body_id request_bytes request_truncated',
  'status reason response_http response_headers response_trailers',
  'response_body_id response_bytes response_truncated',
].flatMap((names) => names.split(' '))

/** The one column that listings leave out: it may be long. */
const CHUNKS = 'response_chunks'

/** 1 where a pair has rows beside its own; the others, almost all, are not asked for them. */
const HAS_PASSAGE = `(
  EXISTS (SELECT 1 FROM interim WHERE pair_id = pair.id) OR EXISTS (SELECT 1 FROM frame WHERE pair_id = pair.id)
) AS has_passage`

/** Subqueries stand for a join, which takes better-sqlite3 five times as long. */
const ROUTE = ['listen', 'target', 'tags'].map(
  (name) => `(SELECT route.${name} FROM route WHERE route.id = route_id) AS route_${name}`,
)

const REFERENCES = ['route_id', 'request_body_id', 'response_body_id']

/** In the order of {@link pairRow}. */
const WRITTEN = [...COLUMNS.filter((name) => !REFERENCES.includes(name)), CHUNKS]

/** Takes what {@link pairRow} gives, and then the ids of the route and of the bodies of request and response. */
export const INSERT_PAIR = insertOf([...WRITTEN, ...REFERENCES])

/** In the order of {@link requestRow}. */
const AMENDED = ['request_headers', 'request_trailers', 'request_bytes', 'request_truncated']

/** Takes what {@link requestRow} gives, and then the ids of the body and of the pair. */
export const AMEND_PAIR = `UPDATE pair SET ${[...AMENDED, 'request_body_id'].map((name) => `${name} = ?`).join(', ')} WHERE id = ?`

/** Gives rows for {@link parseHead}; a condition follows. */
export const SELECT_HEAD = selectOf(COLUMNS)

/** Gives rows for {@link parsePair}; a condition follows. */
export const SELECT_PAIR = selectOf([...COLUMNS, CHUNKS], [HAS_PASSAGE])

function insertOf(columns: readonly string[]): string {
  const values = columns.map(() => '?')
  return `INSERT INTO pair (${columns.join(', ')}) VALUES (${values.join(', ')})`
}

function selectOf(columns: readonly string[], more: readonly string[] = []): string {
  return `SELECT ${[...columns.map((name) => `pair.${name}`), ...ROUTE, ...more].join(', ')} FROM pair`
}

const OUTCOMES: readonly Outcome[] = ['complete', 'client aborted', 'upstream aborted', 'upstream error']
const SCHEMES: readonly Scheme[] = ['http', 'https']

/**
 * The row of a pair, but for what it refers to.
 * @throws ResealError SNAPSHOT_WRITE when a text that stands for bytes has a character that is none, a header field has
 * a line break, or {@link parsePair} would refuse it: such a pair was never on a wire, and would not come back as it was
 */
export function pairRow(pair: RRPair): readonly unknown[] {
  const { id, request, response } = pair
  const bytes = (what: string, text: string): Buffer => textBytes(id, what, text)
  const lines = (what: string, fields: RawHeaders): Uint8Array => headerBytes(id, what, fields)
  const asked = [
    id,
    pair.at,
    pair.firstByteMs,
    pair.tookMs,
    pair.outcome,
    pair.error?.toWellFormed(),
    request.scheme,
    bytes('authority', request.authority),
    bytes('method', request.method),
    bytes('target', request.target),
    request.httpVersion,
    lines('request headers', request.headers),
    lines('request trailers', request.trailers),
    pair.requestBytes,
    Number(pair.requestTruncated),
  ]
  const answered = response && [
    response.status,
    bytes('reason phrase', response.reason),
    response.httpVersion,
    lines('response headers', response.headers),
    lines('response trailers', response.trailers),
  ]
  const passed = [pair.responseBytes, Number(pair.responseTruncated), chunkBytes(id, response?.chunks)]
  const trailers = { requestTrailers: request.trailers, responseTrailers: response?.trailers ?? [] }
  const fault = pairFault({ ...pair, ...trailers })
  if (fault !== undefined) throw unwritablePair(id, fault)
  return [...asked, ...(answered ?? NO_ANSWER), ...passed]
}

/** The columns of a response where there was none. */
const NO_ANSWER = [null, null, null, null, null]

/**
 * What the row of a pair says of the end of its request, but for the body.
 * @throws ResealError SNAPSHOT_WRITE as {@link pairRow} does
 */
export function requestRow(pair: AskedPair): readonly unknown[] {
  const { id, request } = pair
  const fault = pairFault({ ...pair, requestTrailers: request.trailers, responseTrailers: [] })
  if (fault !== undefined) throw unwritablePair(id, fault)
  return [
    headerBytes(id, 'request headers', request.headers),
    headerBytes(id, 'request trailers', request.trailers),
    pair.requestBytes,
    Number(pair.requestTruncated),
  ]
}

function chunkBytes(id: PairId, chunks: readonly ContentChunk[] = []): Uint8Array | undefined {
  const fault = chunksFault(chunks)
  if (fault !== undefined) throw unwritablePair(id, fault)
  return chunks.length === 0 ? undefined : encodeChunks(chunks)
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

/** Where the parts of a pair are that its row only refers to. */
export interface PairParts {
  readonly bodies: BodyReader
  readonly passages: PassageReader
}

/** A pair's row with all that belongs to it. @throws ResealError SNAPSHOT_INVALID when a column holds what it cannot */
export function parsePair(row: Row, file: string, { bodies, passages }: PairParts): RRPair {
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
    ...parseChunks(columns, head.id, file),
    ...(columns.number('has_passage') === 1 ? passages.get(head.id) : {}),
  }
  return { ...head, request, response }
}

function parseChunks(columns: Columns, id: PairId, file: string): Pick<HttpResponse, 'chunks'> {
  const bytes = columns.optionalBytes(CHUNKS)
  if (bytes === undefined) return {}
  const chunks = decodeChunks(bytes)
  if (chunks === undefined)
    throw unusablePair(id, file, 'the pieces of its response do not follow one another')
  return { chunks }
}

interface JudgedRow {
  readonly head: PairHead
  readonly columns: Columns
  readonly requestTrailers: RawHeaders
  readonly responseTrailers: RawHeaders
}

/** Trailers are judged with the head, though listings do not give them: a row is refused at load or never. */
function judgedRow(row: Row, file: string): JudgedRow {
  const columns = columnsOf(row, (fault) => unusablePair(row['id'], file, fault))
  const head = { ...facts(columns), request: requestHead(columns), response: responseHead(columns) }
  const requestTrailers = columns.fields('request_trailers')
  const responseTrailers = head.response === undefined ? [] : columns.fields('response_trailers')
  const fault = pairFault({ ...head, requestTrailers, responseTrailers })
  if (fault !== undefined) throw unusablePair(head.id, file, fault)
  return { head, columns, requestTrailers, responseTrailers }
}

function facts(columns: Columns): PairFacts {
  return {
    id: columns.number('id'),
    at: columns.number('at'),
    firstByteMs: columns.optionalNumber('first_byte_ms'),
    tookMs: columns.number('took_ms'),
    route: routeOf(columns),
    outcome: columns.oneOf('outcome', OUTCOMES),
    error: columns.optionalText('error'),
    requestBytes: columns.number('request_bytes'),
    responseBytes: columns.number('response_bytes'),
    requestTruncated: columns.number('request_truncated') === 1,
    responseTruncated: columns.number('response_truncated') === 1,
  }
}

function routeOf(columns: Columns): Route {
  const route = { listen: columns.text('route_listen'), target: columns.text('route_target') }
  const tags = columns.text('route_tags')
  return tags === '{}' ? route : { ...route, tags: columns.tags('route_tags') }
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
