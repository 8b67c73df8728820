import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { errorMessage, systemErrorCode } from '../core/errors.ts'
import type { ExchangeTap, HttpRequest, Outcome, ResponseHead } from '../core/exchange.ts'
import { headerValue, rawHeadersFromFlat, type RawHeaders } from '../core/headers.ts'
import { brokenOffMessage, type Cut } from '../core/upstream-failure.ts'
import { watchForEnd, type Ending } from './ending.ts'
import { writeInterim } from './interim.ts'
import { relayResponse } from './relayed-response.ts'
import type { ReceivedHead } from './request-head.ts'
import { answerErrorAndClose } from './error-answer.ts'
import { secondTry } from './second-try.ts'
import { limitContentTime, TOO_SLOW } from './slow-client.ts'
import { addTrailers } from './trailers.ts'
import { unsolicitedSwitch, upstreamFailure } from './upstream-failure.ts'
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
  /** Whether reseal itself has closed every connection, which else looks as if client or upstream had. */
  readonly wasCut: () => boolean
  /** How long the client may hold back its content. */
  readonly clientTimeoutMs: number
  /** Takes over a connection on which the upstream has switched protocols; left out where nobody asked for that. */
  readonly switched?: (answer: SwitchedAnswer, ending: Ending) => void
  /** The request's content, where it has been read already. */
  readonly content?: Pick<HttpRequest, 'body' | 'trailers'>
  /** Fields added to the response. */
  readonly marks?: RawHeaders
}

/** An upstream's 101, and its connection. */
export interface SwitchedAnswer {
  readonly head: ResponseHead
  readonly socket: Socket
}

/**
 * Forwards a request and relays its response, both while they come. It ends in exactly one of `tap.responseEnd` and
 * `tap.failed`; request content that comes after the former is still told to the tap.
 */
export function forwardExchange(exchange: ForwardedExchange): void {
  const { request, received, tap, switched, content } = exchange
  const ending = watchForEnd(request.socket, tap, exchange.wasCut)
  // An upgrade is no request for a connection that others have used.
  const outgoing = openUpstream(exchange, ending, switched !== undefined)
  if (content !== undefined) sendHeld(content, outgoing, tap)
  else if (received.hasBody) {
    limitClient(exchange, ending, outgoing)
    sendContent(request, outgoing, tap, () => ending.outcome() ?? 'complete')
  } else {
    tap.requestEnd([])
    outgoing.end()
  }
}

function sendHeld(
  { body, trailers }: Pick<HttpRequest, 'body' | 'trailers'>,
  outgoing: ClientRequest,
  tap: ExchangeTap,
): void {
  if (body.length > 0) tap.requestData(body)
  tap.requestEnd(trailers)
  addTrailers(outgoing, trailers)
  outgoing.end(body)
}

/** A client that waits for a 100 holds nothing back until it has it. */
function limitClient(
  { request, response, received, clientTimeoutMs }: ForwardedExchange,
  ending: Ending,
  outgoing: ClientRequest,
): void {
  let asked = headerValue(received.head.headers, 'expect') === undefined
  outgoing.once('continue', () => {
    asked = true
  })
  const waiting = (): boolean => !asked && !response.headersSent
  const expired = (): void => {
    // The answer may have been early: it counts, and only its connection is given up.
    ending.end('client aborted', TOO_SLOW.message)
    outgoing.destroy()
    answerErrorAndClose(response, TOO_SLOW)
  }
  limitContentTime(request, { timeoutMs: clientTimeoutMs, waiting, expired })
}

function openUpstream(exchange: ForwardedExchange, ending: Ending, fresh: boolean): ClientRequest {
  const { received, upstream, unanswered, switched } = exchange
  const client = exchange.request.socket.remoteAddress ?? ''
  const outgoing = upstream.open(received.head, { client, fresh, upgrade: switched !== undefined })
  ending.holds(outgoing)
  const mayTryAgain = fresh ? undefined : secondTry(outgoing, received)
  let answer: IncomingMessage | undefined
  let breakOff: ((cut: Cut) => void) | undefined
  const brokenOff = (error: Error): void => {
    const cut = cutBy(error)
    if (ending.end('upstream aborted', brokenOffMessage(cut, errorMessage(error)))) breakOff?.(cut)
  }
  const failed = (error: Error): void => {
    const { message } = upstreamFailure(error, upstream.target)
    if (ending.end('upstream error', message)) ending.whenSafe(() => unanswered(error))
  }
  outgoing.on('error', (error) => {
    if (answer !== undefined) {
      // An upstream that has said all it had to say may close on what we still send: the answer counts.
      if (!answer.complete) brokenOff(error)
    } else if (ending.outcome() === undefined && mayTryAgain?.(error) === true) {
      openUpstream(exchange, ending, true).end()
    } else failed(error)
  })
  relayInterim(exchange, outgoing)
  // Node leaves the connection to whoever listens, and the request without an end.
  outgoing.once('upgrade', (incoming, socket, begun) => {
    if (switched !== undefined && incoming.headers.upgrade?.toLowerCase() === 'websocket') {
      if (begun.length > 0) socket.unshift(begun)
      switched({ head: responseHead(incoming), socket }, ending)
      return
    }
    socket.destroy()
    outgoing.destroy()
    failed(unsolicitedSwitch())
  })
  outgoing.once('response', (incoming) => {
    answer = incoming
    try {
      // Without its Connection and Upgrade fields Node takes 101 for an answer.
      if (incoming.statusCode === 101) throw unsolicitedSwitch()
      breakOff = relayAnswer(exchange, ending, incoming, brokenOff)
    } catch (error) {
      // Node's server refuses to write some heads that its client took.
      incoming.on('error', () => {})
      outgoing.destroy()
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  })
  return outgoing
}

function relayAnswer(
  { response, tap, marks }: ForwardedExchange,
  ending: Ending,
  incoming: IncomingMessage,
  aborted: (error: Error) => void,
): (cut: Cut) => void {
  const breakOff = relayResponse(incoming, response, {
    data(chunk) {
      if (ending.outcome() === undefined) tap.responseData(chunk)
    },
    end: (trailers) => (ending.end('complete') ? tap.responseEnd(trailers) : undefined),
    aborted,
    marks,
  })
  // Told only once Node's server has taken the head: one it refuses (a status of 099) is no answer.
  tap.responseHead(responseHead(incoming))
  return breakOff
}

function responseHead({ statusCode, statusMessage, httpVersion, rawHeaders }: IncomingMessage): ResponseHead {
  return {
    status: statusCode ?? 0,
    reason: statusMessage ?? '',
    httpVersion,
    headers: rawHeadersFromFlat(rawHeaders),
  }
}

/** What Node makes of a close in the middle of an answer has the code of a reset, but no system call failed. */
function cutBy(error: unknown): Cut {
  const closed = systemErrorCode(error) === 'ECONNRESET' && !Object.hasOwn(Object(error), 'syscall')
  return closed ? 'close' : 'reset'
}

/** Interim responses, as they come; a proxy forwards every one that it did not ask for itself (RFC 9110 §15.2). */
function relayInterim({ response, tap }: ForwardedExchange, outgoing: ClientRequest): void {
  outgoing.on('information', ({ statusCode, statusMessage, httpVersion, rawHeaders }) => {
    const head = {
      status: statusCode,
      reason: statusMessage,
      httpVersion,
      headers: rawHeadersFromFlat(rawHeaders),
    }
    tap.interim(head)
    writeInterim(response, head)
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
  outcome: () => Outcome,
): void {
  const open = (): boolean => !outgoing.destroyed && !outgoing.writableEnded
  // After a failure the tap is told nothing more.
  const watched = (): boolean => outcome() === 'complete'
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
