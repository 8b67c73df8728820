import { binaryText, type BinaryText } from '../core/binary-text.ts'
import type { ContentChunk, HttpResponse } from '../core/exchange.ts'
import { headerValue, type RawHeaders } from '../core/headers.ts'
import { prepareHead, type PreparedHead } from './prepared-head.ts'

/** A response, made ready once for every time it is sent. */
export interface PreparedResponse {
  /** What it was made of: a changed copy of a response carries the memo of the one it is a copy of. */
  readonly of: HttpResponse
  readonly head: PreparedHead
  /** The pieces its content leaves in; undefined for all at once. */
  readonly pieces: readonly ContentChunk[] | undefined
  /** Small content as text, which node:http writes in one piece with the head: a tenth less work than two buffers. */
  readonly text: BinaryText | undefined
}

/** Above this a copy costs more than a second buffer does. */
const MAX_TEXT_BYTES = 4096

/**
 * What of a response is the same every time, made once for one with a memo, and of its head once for all that share
 * one. A WeakMap would do without, but its cost in
 * every garbage collection grows with the responses that are sent only once.
 */
export function preparedResponse(response: HttpResponse): PreparedResponse {
  const { memo } = response
  if (memo === undefined) return prepare(response)
  if (!isPrepared(memo.ready)) {
    const ready = prepare(response)
    memo.ready = ready
    return ready
  }
  return memo.ready.of === response ? memo.ready : prepare(response)
}

function isPrepared(value: unknown): value is PreparedResponse {
  return typeof value === 'object' && value !== null && 'head' in value
}

function prepare(response: HttpResponse): PreparedResponse {
  const { body } = response
  const head = preparedHead(response)
  const isText = body.length > 0 && body.length <= MAX_TEXT_BYTES
  return { of: response, head, pieces: piecesOf(response, head), text: isText ? binaryText(body) : undefined }
}

function preparedHead({ headers, trailers, headMemo }: HttpResponse): PreparedHead {
  // Trailers of HTTP/2 need no coding to follow the content; those of HTTP/1.1 do.
  if (trailers.length > 0) return prepareHead(withChunks(headers))
  if (headMemo === undefined) return prepareHead(headers)
  const { ready } = headMemo
  if (isHeadOf(ready) && ready.of === headers) return ready.head
  const head = prepareHead(headers)
  headMemo.ready = { of: headers, head } satisfies HeadOf
  return head
}

interface HeadOf {
  /** The fields it was made of, for the same reason. */
  readonly of: RawHeaders
  readonly head: PreparedHead
}

function isHeadOf(value: unknown): value is HeadOf {
  return typeof value === 'object' && value !== null && 'of' in value
}

/** Plain content leaves at once; a stream of events in its recorded pieces, and any content at a pace. */
function piecesOf(
  { chunks, delivery }: HttpResponse,
  { eventStream }: PreparedHead,
): readonly ContentChunk[] | undefined {
  if (chunks === undefined) return undefined
  return delivery?.pace !== undefined || eventStream ? chunks : undefined
}

function withChunks(headers: RawHeaders): RawHeaders {
  const known = headerValue(headers, 'transfer-encoding') !== undefined
  return known ? headers : [...headers, ['Transfer-Encoding', 'chunked']]
}
