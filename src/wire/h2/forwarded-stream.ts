import { constants, type ServerHttp2Stream } from 'node:http2'
import { errorMessage } from '../../core/errors.ts'
import type { ExchangeTap, HttpRequest, RequestHead, ResponseHead } from '../../core/exchange.ts'
import { rawHeadersFromFlat, type RawHeaders } from '../../core/headers.ts'
import { brokenOffMessage } from '../../core/upstream-failure.ts'
import { watchForEnd, type Ending } from '../ending.ts'
import { TOO_SLOW } from '../slow-client.ts'
import { upstreamFailure } from '../upstream-failure.ts'
import type { Upstream } from '../upstream.ts'
import { watchEndOfStream } from './end-of-stream.ts'
import { fieldObject } from './h2-head.ts'
import { http1Outgoing } from './http1-outgoing.ts'
import { http2Outgoing } from './http2-outgoing.ts'
import type { Http2Upstream } from './http2-upstream.ts'
import type { AnswerWatch, Outgoing } from './outgoing.ts'
import { limitStreamTime } from './slow-stream.ts'
import { answerStreamError, respond } from './stream-answer.ts'

/** One request of an HTTP/2 client on its way through the proxy. */
export interface ForwardedStream {
  readonly stream: ServerHttp2Stream
  readonly head: RequestHead
  readonly upstream: Upstream
  readonly http2: Http2Upstream
  readonly tap: ExchangeTap
  /** Whether reseal itself has closed every connection. */
  readonly wasCut: () => boolean
  /** How long the client may hold back its content. */
  readonly clientTimeoutMs: number
  /** The request's content, where it has been read already. */
  readonly content?: Pick<HttpRequest, 'body' | 'trailers'>
  /** Fields added to the response. */
  readonly marks?: RawHeaders
}

/**
 * Forwards a request that came over HTTP/2, to an upstream that speaks it over HTTP/2 and to any other over HTTP/1.1,
 * and relays the answer, both while they come. Content goes no faster than its receiver takes it, and the end of the
 * answer waits for the tap. A reset of either side is one for the other (RFC 9113 §5.4.2).
 */
export function forwardStream(exchange: ForwardedStream): void {
  const { stream, tap } = exchange
  const ending = watchForEnd(stream, tap, exchange.wasCut)
  const hasBody = exchange.content === undefined ? !stream.endAfterHeaders : exchange.content.body.length > 0
  // Told by `close`, which follows.
  stream.on('error', () => {})
  const content =
    exchange.content === undefined
      ? gatherContent(exchange, hasBody, ending)
      : heldContent(exchange, exchange.content)
  const watch = answerWatch(exchange, ending, content)
  openOutgoing(exchange, hasBody, watch).then(
    (outgoing) => {
      if (hasBody && exchange.content === undefined) {
        limitStreamTime(stream, exchange.clientTimeoutMs, () => {
          ending.end('client aborted', TOO_SLOW.message)
          outgoing.destroy()
          answerStreamError(stream, TOO_SLOW)
        })
      }
      if (ending.outcome() === 'client aborted') outgoing.destroy()
      else {
        ending.holds(outgoing)
        content.flowTo(outgoing)
      }
    },
    (error: unknown) => watch.failed(error instanceof Error ? error : new Error(String(error))),
  )
}

async function openOutgoing(
  { stream, head, upstream, http2 }: ForwardedStream,
  hasBody: boolean,
  watch: AnswerWatch,
): Promise<Outgoing> {
  const client = stream.session?.socket.remoteAddress ?? ''
  const session = await http2.session()
  if (session === undefined) return http1Outgoing({ upstream, head, hasBody, client }, watch)
  return http2Outgoing({ session, upstream: http2, head, hasBody, client }, watch)
}

/** The request's content, which waits for an upstream, and then for nothing but its pace. */
interface Content {
  flowTo(outgoing: Outgoing): void
  /** The upstream takes content again. */
  drained(): void
}

function heldContent(
  { stream, tap }: ForwardedStream,
  { body, trailers }: Pick<HttpRequest, 'body' | 'trailers'>,
): Content {
  if (body.length > 0) tap.requestData(body)
  tap.requestEnd(trailers)
  return {
    drained() {},
    flowTo(outgoing) {
      stream.on('drain', () => outgoing.resume())
      if (body.length > 0) outgoing.write(body)
      outgoing.end(trailers)
    },
  }
}

function gatherContent({ stream, tap }: ForwardedStream, hasBody: boolean, ending: Ending): Content {
  const hasEnded = watchEndOfStream(stream)
  const watched = (): boolean => (ending.outcome() ?? 'complete') === 'complete'
  let trailers: RawHeaders = []
  let told = false
  const tellEnd = (): void => {
    if (!told && watched()) tap.requestEnd(trailers)
    told = true
  }
  stream.on('trailers', (_: unknown, __: unknown, raw: readonly string[]) => {
    trailers = rawHeadersFromFlat(raw)
  })
  // The answer was whole and the client left without sending the rest.
  stream.once('close', tellEnd)
  if (!hasBody) tellEnd()
  return {
    drained: () => void stream.resume(),
    flowTo(outgoing) {
      stream.on('drain', () => outgoing.resume())
      if (!hasBody) {
        outgoing.end([])
        stream.resume()
        return
      }
      stream.on('data', (chunk: Buffer) => {
        if (watched()) tap.requestData(chunk)
        if (!outgoing.write(chunk)) stream.pause()
      })
      stream.once('end', () => {
        // A client that reset its stream has not asked to the end: it is given up with it.
        if (!hasEnded()) return
        tellEnd()
        outgoing.end(trailers)
      })
    },
  }
}

function answerWatch(
  { stream, tap, upstream, marks = [] }: ForwardedStream,
  ending: Ending,
  content: Content,
): AnswerWatch {
  let answered: ResponseHead | undefined
  let trailers: RawHeaders = []
  let whole = false
  const marked = (head: ResponseHead): ResponseHead => ({ ...head, headers: [...head.headers, ...marks] })
  const gone = (): boolean => stream.destroyed || stream.closed
  const finish = (): void => {
    if (gone()) return
    if (whole && answered !== undefined) respond(stream, marked(answered))
    else stream.end()
  }
  const failed = (error: Error, resetCode: number = constants.NGHTTP2_INTERNAL_ERROR): void => {
    stream.close(resetCode)
    ending.end('upstream aborted', brokenOffMessage('reset', errorMessage(error)))
  }
  return {
    interim(head) {
      tap.interim(head)
      if (!gone() && !stream.headersSent) {
        stream.additionalHeaders({ ':status': head.status, ...fieldObject(head.headers) })
      }
    },
    head(head, last) {
      answered = head
      whole = last
      tap.responseHead(head)
      if (!last && !gone()) respond(stream, marked(head), () => trailers)
    },
    data(chunk) {
      if (ending.outcome() === undefined) tap.responseData(chunk)
      return gone() || stream.write(chunk)
    },
    end(received) {
      if (!ending.end('complete')) return
      trailers = received
      const committed = tap.responseEnd(received)
      if (committed === undefined) finish()
      else committed.then(finish, finish)
    },
    failed(error, resetCode) {
      if (ending.outcome() !== undefined) return
      if (answered !== undefined || resetCode !== undefined) {
        failed(error, resetCode)
        return
      }
      const answer = upstreamFailure(error, upstream.target)
      if (ending.end('upstream error', answer.message)) {
        ending.whenSafe(() => answerStreamError(stream, answer))
      }
    },
    drained: () => content.drained(),
  }
}
