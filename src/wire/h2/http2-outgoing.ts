import { constants, type ClientHttp2Session } from 'node:http2'
import type { RequestHead } from '../../core/exchange.ts'
import { rawHeadersFromFlat, type RawHeaders } from '../../core/headers.ts'
import { MAX_HEAD_BYTES } from '../limits.ts'
import { headError, resetError, timeoutError } from '../upstream-failure.ts'
import { limitPauses } from '../upstream.ts'
import { watchEndOfStream } from './end-of-stream.ts'
import { readH2Response } from './h2-head.ts'
import type { Http2Upstream } from './http2-upstream.ts'
import type { AnswerWatch, Outgoing } from './outgoing.ts'
import { sendTrailersAtEnd } from './trailers-at-end.ts'

export interface Http2Request {
  readonly session: ClientHttp2Session
  readonly upstream: Http2Upstream
  readonly head: RequestHead
  readonly hasBody: boolean
  /** The client's IP address. */
  readonly client: string
}

/**
 * Sends a request over HTTP/2 on a session to its upstream.
 * @throws what Node throws for a session that takes no more requests
 */
export function http2Outgoing(request: Http2Request, watch: AnswerWatch): Outgoing {
  const { session, upstream, head, hasBody, client } = request
  const options = { endStream: !hasBody, waitForTrailers: hasBody }
  const stream = session.request(upstream.head(head, client), options)
  const hasEnded = watchEndOfStream(stream)
  let over = false
  let trailers: RawHeaders = []
  let sent: RawHeaders = []
  let late: NodeJS.Timeout | undefined
  const startWaiting = (): void => {
    const ms = upstream.timeoutMs
    late = setTimeout(() => fail(timeoutError(`no response within ${ms} ms`)), ms)
  }
  const fail = (error: Error): void => {
    clearTimeout(late)
    if (!over) watch.failed(error)
    over = true
    stream.close(constants.NGHTTP2_CANCEL)
  }
  stream.on('headers', (_, __, raw) => watch.interim(readH2Response(raw)))
  stream.once('response', (_, flags, raw) => {
    clearTimeout(late)
    if (fieldBytes(raw) > MAX_HEAD_BYTES) {
      fail(headError(MAX_HEAD_BYTES))
      return
    }
    watch.head(readH2Response(raw), (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0)
    limitPauses(stream, upstream.timeoutMs, fail)
  })
  stream.on('trailers', (_, __, raw) => {
    trailers = rawHeadersFromFlat(raw)
  })
  stream.on('data', (chunk: Buffer) => {
    if (!watch.data(chunk)) stream.pause()
  })
  stream.on('drain', () => watch.drained())
  sendTrailersAtEnd(stream, () => sent)
  stream.once('end', () => {
    // What a reset cut off is told by `close`.
    if (over || !hasEnded()) return
    watch.end(trailers)
    over = true
  })
  let error: Error | undefined
  stream.on('error', (thrown) => {
    error = thrown
  })
  stream.once('close', () => {
    clearTimeout(late)
    if (over) return
    over = true
    const { rstCode } = stream
    // A reset for no error, in the place of an end, is one (RFC 9113 §8.1).
    const reset = session.destroyed || rstCode === constants.NGHTTP2_NO_ERROR ? undefined : rstCode
    watch.failed(error ?? resetError(rstCode), reset)
  })
  if (!hasBody) startWaiting()
  return {
    write: (chunk) => stream.destroyed || stream.writableEnded || stream.write(chunk),
    end(given) {
      if (stream.destroyed || stream.writableEnded) return
      sent = given
      stream.end()
      startWaiting()
    },
    resume: () => void stream.resume(),
    destroy() {
      over = true
      clearTimeout(late)
      stream.close(constants.NGHTTP2_CANCEL)
    },
  }
}

/** As they would be over HTTP/1.1. */
function fieldBytes(raw: readonly string[]): number {
  return raw.reduce((sum, text) => sum + text.length + 2, 0)
}
