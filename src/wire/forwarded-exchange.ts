import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { errorMessage, systemErrorCode } from '../core/errors.ts'
import type { ExchangeTap, Outcome, RequestHead } from '../core/exchange.ts'
import { headerValue, rawHeadersFromFlat } from '../core/headers.ts'
import { breakOff, relayInformational, relayResponse } from './relayed-response.ts'
import type { ReceivedHead } from './request-head.ts'
import { addTrailers } from './trailers.ts'
import { upstreamFailure } from './upstream-failure.ts'
import type { Upstream } from './upstream.ts'

/** One request on its way through the proxy. */
export interface ForwardedExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly received: ReceivedHead
  readonly upstream: Upstream
  readonly tap: ExchangeTap
  /** The upstream gave no answer; somebody else has to. */
  readonly unanswered: (error: Error) => void
}

/**
 * Forwards a request and relays its response, both while they come. It ends in exactly one of `tap.responseEnd` and
 * `tap.failed`; request content that comes after the former is still told to the tap.
 */
export function forwardExchange(exchange: ForwardedExchange): void {
  const { request, response, received, upstream, tap, unanswered } = exchange
  const { socket } = request
  let ended: Outcome | undefined
  let current: ClientRequest | undefined

  const end = (outcome: Outcome, error = ''): boolean => {
    if (ended !== undefined) return false
    ended = outcome
    socket.off('close', clientGone)
    if (outcome !== 'complete') tap.failed(outcome, error)
    return true
  }
  // The socket and not the response: a pipelined response that is not yet its turn never hears of its client's end.
  const clientGone = (): void => {
    if (end('client aborted', 'The client closed the connection before the answer was whole'))
      current?.destroy()
  }
  const aborted = (error: unknown): void => {
    const why = `The upstream broke off its answer: ${errorMessage(error)}`
    if (end('upstream aborted', why)) breakOff(response)
  }

  const start = (fresh: boolean): ClientRequest => {
    const outgoing = upstream.open(received.head, fresh)
    current = outgoing
    let answer: IncomingMessage | undefined
    outgoing.on('error', (error) => {
      // An upstream that has said all it had to say may close on what we still send: the answer counts.
      if (answer !== undefined) {
        if (!answer.complete) aborted(error)
        return
      }
      if (ended === undefined && !fresh && mayRetry(error, outgoing, received)) start(true).end()
      else if (end('upstream error', upstreamFailure(error, upstream.target).message)) unanswered(error)
    })
    relayInterim(outgoing, response, received.head)
    outgoing.once('response', (incoming) => {
      answer = incoming
      tap.responseHead({
        status: incoming.statusCode ?? 0,
        reason: incoming.statusMessage ?? '',
        httpVersion: incoming.httpVersion,
        headers: rawHeadersFromFlat(incoming.rawHeaders),
      })
      const watch = {
        data: (chunk: Uint8Array) => {
          if (ended === undefined) tap.responseData(chunk)
        },
        end: (trailers: Parameters<ExchangeTap['responseEnd']>[0]) =>
          end('complete') ? tap.responseEnd(trailers) : undefined,
        aborted,
      }
      try {
        relayResponse(incoming, response, watch)
      } catch (error) {
        // Node's server refuses to write a head that its client took.
        incoming.on('error', () => {})
        outgoing.destroy()
        const cause = error instanceof Error ? error : new Error(String(error))
        if (end('upstream error', upstreamFailure(cause, upstream.target).message)) unanswered(cause)
      }
    })
    return outgoing
  }

  socket.once('close', clientGone)
  const outgoing = start(false)
  if (received.hasBody) sendContent(request, outgoing, tap, () => ended === undefined || ended === 'complete')
  else {
    tap.requestEnd([])
    outgoing.end()
  }
}

/** Interim responses, in the order they come; 100 only to a client that waits for it (RFC 9110 §10.1.1, §15.2). */
function relayInterim(outgoing: ClientRequest, response: ServerResponse, head: RequestHead): void {
  const waits =
    head.httpVersion !== '1.0' && headerValue(head.headers, 'expect')?.toLowerCase() === '100-continue'
  outgoing.on('information', (info) => {
    if (info.statusCode !== 100) relayInformational(info, response)
    else if (waits && !response.headersSent) response.writeContinue()
  })
}

/**
 * Sends the request's content on while it comes. When the upstream is done before the client is (an early 413), the
 * rest is still read, since the client may only look for its answer afterwards.
 */
function sendContent(
  request: IncomingMessage,
  outgoing: ClientRequest,
  tap: ExchangeTap,
  watched: () => boolean,
): void {
  const open = (): boolean => !outgoing.destroyed && !outgoing.writableEnded
  let told = false
  const tellEnd = (): void => {
    if (!told && watched()) tap.requestEnd(rawHeadersFromFlat(request.rawTrailers))
    told = true
  }
  request.on('data', (chunk: Buffer) => {
    if (watched()) tap.requestData(chunk)
    if (open() && !outgoing.write(chunk)) request.pause()
  })
  outgoing.on('drain', () => request.resume())
  outgoing.once('close', () => request.resume())
  request.once('end', () => {
    request.socket.off('close', tellEnd)
    tellEnd()
    if (!open()) return
    addTrailers(outgoing, rawHeadersFromFlat(request.rawTrailers))
    outgoing.end()
  })
  // The answer was whole and the client left without sending the rest; Node then tells the request nothing.
  request.socket.once('close', tellEnd)
  // A client that begins to send without content yet must still be seen upstream.
  setImmediate(() => {
    if (open()) outgoing.flushHeaders()
  })
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/**
 * A kept connection that the upstream closed at the same moment: nothing of an answer came, nothing of content was
 * sent, and doing it twice is as good as once (RFC 9110 §9.2.2).
 */
function mayRetry(error: Error, outgoing: ClientRequest, { head, hasBody }: ReceivedHead): boolean {
  const code = systemErrorCode(error)
  return (
    outgoing.reusedSocket &&
    !hasBody &&
    IDEMPOTENT.has(head.method) &&
    (code === 'ECONNRESET' || code === 'EPIPE')
  )
}
