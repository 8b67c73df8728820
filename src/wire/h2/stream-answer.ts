import { constants, type ServerHttp2Stream } from 'node:http2'
import { errorBody, errorHeaders, type ErrorAnswer } from '../../core/error-answer.ts'
import type { ResponseHead } from '../../core/exchange.ts'
import type { RawHeaders } from '../../core/headers.ts'
import { h2ResponseFields } from './h2-head.ts'
import { sendTrailersAtEnd } from './trailers-at-end.ts'

/** Writes a head as it is. @param trailers asked for behind the content; undefined when the head is all there is */
export function respond(
  stream: ServerHttp2Stream,
  head: Pick<ResponseHead, 'status' | 'headers'>,
  trailers?: () => RawHeaders,
): void {
  const endStream = trailers === undefined
  if (trailers !== undefined) sendTrailersAtEnd(stream, trailers)
  // Waiting for trailers also keeps Node from ending a stream that it is to reset: a short answer that looks whole.
  // `sendDate` is not in Node's types; without it a `date` is added.
  const options = { endStream, waitForTrailers: !endStream, sendDate: false }
  stream.respond(h2ResponseFields(head), options)
}

/** Answers with an error of reseal's own; a stream that has an answer already is reset. */
export function answerStreamError(stream: ServerHttp2Stream, answer: ErrorAnswer): void {
  if (stream.destroyed || stream.closed || stream.headersSent) {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    return
  }
  const body = errorBody(answer)
  respond(stream, { status: answer.status, headers: errorHeaders(body) }, () => [])
  stream.end(body)
}
