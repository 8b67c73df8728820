import { constants, type ClientHttp2Session } from 'node:http2'
import type { RequestHead } from '../../core/exchange.ts'
import { rawHeadersFromFlat, type RawHeaders } from '../../core/headers.ts'
import { timeoutError } from '../upstream-failure.ts'
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
    watch.head(readH2Response(raw), (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0)
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
    if (!over) watch.end(trailers)
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
    const reset = session.destroyed ? undefined : rstCode
    watch.failed(error ?? new Error(`it reset the stream with code ${rstCode}`), reset)
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
