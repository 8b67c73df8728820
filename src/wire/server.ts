import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { ResealError } from '../core/errors.ts'
import type { Handler, HttpRequest, HttpResponse, RequestHead } from '../core/exchange.ts'
import { rawHeadersFromFlat, type RawHeaders } from '../core/headers.ts'
import { answerError, answerErrorAndClose, answerErrorAndLinger } from './error-answer.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { readStream, streamWriter } from './h2/answered-stream.ts'
import { limitStreamTime } from './h2/slow-stream.ts'
import { answerStreamError } from './h2/stream-answer.ts'
import { createHttpServer } from './http-server.ts'
import { formatListenAddress, parseListenAddress, type ListenAddress } from '../core/listen-address.ts'
import { handedServer, listenShared, type HandedServer, type Share } from './handed-connections.ts'
import { listen, trackConnections, type RunningServer } from './listener.ts'
import { createRelays, type RelayOptions, type Relays } from './relays.ts'
import { readRequestHead, type ReceivedHead } from './request-head.ts'
import { requestTurns } from './request-turns.ts'
import { responseWriter } from './response-writer.ts'
import { CLIENT_TIMEOUT_MS, limitContentTime, TOO_SLOW } from './slow-client.ts'
import { upgradeResponse } from './upgrade-response.ts'
import { replaySwitch } from './websocket/recorded-switch.ts'

export interface ServeOptions {
  /** As {@link parseListenAddress} reads it. */
  readonly listen: string
  /** Listens with TLS, for HTTP/2 and HTTP/1.1; without, for HTTP/1.1 in the clear. */
  readonly tls?: TlsIdentity | undefined
  readonly handler: Handler
  /** Asked, without content, before a request that expects a 100 gets it: an answer instead (RFC 9110 §10.1.1). */
  readonly refuse?: Refuser
  /** How requests are forwarded whose answer says so ({@link Delivery.relay}); default not at all. */
  readonly relay?: RelayOptions | undefined
  /** Requests with more content are answered 413; default 64 MiB. */
  readonly maxRequestBytes?: number
  /** How long a client may take for the head of a request, or hold back its content; default 10 s. */
  readonly clientTimeoutMs?: number | undefined
  /** Told of what the handler threw; the client is answered 500 without details. */
  readonly onError?: (error: unknown) => void
  /** How long answers under way may take when the server closes; default 10 s. */
  readonly closeDeadlineMs?: number
  /** Asked for each connection before anything of it is read: true where another process serves it. Default none does. */
  readonly share?: Share | undefined
}

/** Undefined asks for the content; whoever has to ask others first gives a promise. */
export type Refuser = (request: HttpRequest) => HttpResponse | Promise<HttpResponse | undefined> | undefined

const MAX_REQUEST_BYTES = 64 * 1024 * 1024
const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_HEADERS: RawHeaders = []
const NEVER = (): boolean => false

/**
 * A server over one {@link Handler}. The response is written as the handler gave it: status, reason, header order,
 * case, repeats and bytes; only hop-by-hop fields are left out and the framing is made to fit the body.
 * A response with a memo must not change once it was given: what is sent for it is computed once.
 * @throws ResealError USAGE, ADDRESS_IN_USE, ADDRESS_UNUSABLE
 */
export function serve(options: ServeOptions): Promise<RunningServer> {
  const { closeDeadlineMs, share } = options
  const address = parseListenAddress(options.listen)
  let bound = address
  const { server, connections, relays } = createHandlerServer(options, () => bound)
  const listening =
    share === undefined
      ? listen(server, address, connections, closeDeadlineMs)
      : listenShared(server, address, connections, share, closeDeadlineMs)
  return listening.then((running) => {
    bound = running
    return withRelays(running, relays)
  })
}

/**
 * The same for connections that come to another process, which hands them over.
 * @param options its `listen` is where that process listens
 */
export function serveHanded(options: ServeOptions): HandedServer {
  const address = parseListenAddress(options.listen)
  const { server, connections, relays } = createHandlerServer(options, () => address)
  return withRelays(handedServer(server, address, connections, options.closeDeadlineMs), relays)
}

function withRelays<T extends RunningServer>(running: T, relays: Relays | undefined): T {
  return relays === undefined ? running : { ...running, close: () => running.close().then(relays.close) }
}

/** A server that no connection comes to yet. @param bound where it listens, asked for once it does */
function createHandlerServer(options: ServeOptions, bound: () => ListenAddress) {
  const {
    handler,
    refuse = () => undefined,
    maxRequestBytes = MAX_REQUEST_BYTES,
    onError = () => {},
  } = options
  const { clientTimeoutMs = CLIENT_TIMEOUT_MS } = options
  const scheme = options.tls === undefined ? 'http' : 'https'

  const fail = (error: unknown, response: ServerResponse): void => {
    onError(error)
    answerError(response, handlerFailure(error))
  }
  const give = (
    whole: HttpResponse,
    request: HttpRequest,
    response: ServerResponse,
  ): Promise<void> | undefined => {
    const upstream = whole.delivery?.relay
    if (upstream === undefined) return send(whole, response)
    relays?.send(upstream, request, response)
    return undefined
  }
  /** Closures are only for what is waited for: an answer that is at hand costs none. */
  const answerWith = (outcome: ReturnType<Handler>, request: HttpRequest, response: ServerResponse): void => {
    const sent =
      outcome instanceof Promise
        ? outcome.then((whole) => give(whole, request, response))
        : give(outcome, request, response)
    sent?.catch((error: unknown) => fail(error, response))
  }
  const answer = (request: HttpRequest, response: ServerResponse): void => {
    try {
      answerWith(handler(request), request, response)
    } catch (error) {
      fail(error, response)
    }
  }

  const writeStream = streamWriter()
  const answerStream = (request: HttpRequest, stream: ServerHttp2Stream): void => {
    const fail = (error: unknown): void => {
      onError(error)
      answerStreamError(stream, handlerFailure(error))
    }
    const run = async (): Promise<void> => {
      const whole = await handler(request)
      const upstream = whole.delivery?.relay
      if (upstream === undefined) await writeStream(whole, request.method, stream)
      else relays?.sendStream(upstream, request, stream)
    }
    run().catch(fail)
  }

  const server = createHttpServer(clientTimeoutMs, options.tls, {
    request: (message, response, expects) => receive(message, response, expects),
    upgrade(message, socket, begun) {
      if (begun.length > 0) socket.unshift(begun)
      const response = upgradeResponse(message, socket)
      if (response !== undefined) receive(message, response, false)
    },
    stream(stream, _, __, raw) {
      if (!stream.endAfterHeaders) {
        limitStreamTime(stream, clientTimeoutMs, () => answerStreamError(stream, TOO_SLOW))
      }
      readStream(stream, raw, maxRequestBytes, (request) => answerStream(request, stream))
    },
  })
  const connections = trackConnections(server)
  const turns = requestTurns(answer)
  const write = responseWriter((response) => connections.release(response))
  const send: typeof write = (whole, response) =>
    whole.status === 101 ? replaySwitch(whole, response, connections.hold) : write(whole, response)
  const read = (received: ReceivedHead, bare: HttpRequest, response: ServerResponse): void => {
    const { req: message } = response
    if (!received.hasBody) {
      // Without content nothing is waited for: a plain GET is answered in the turn it arrived.
      turns.take(bare, response)
      return
    }
    limitContentTime(message, {
      timeoutMs: clientTimeoutMs,
      waiting: NEVER,
      expired: () => answerErrorAndClose(response, TOO_SLOW),
    })
    collect(message, received.head, maxRequestBytes, response, turns.wait(response))
  }
  const readUnlessRefused = (received: ReceivedHead, bare: HttpRequest, response: ServerResponse): void => {
    const refuseOr = (refusal: HttpResponse | undefined): void => {
      if (refusal === undefined) {
        response.writeContinue()
        read(received, bare, response)
      } else answerWith(refusal, bare, response)
    }
    try {
      const refusal = refuse(bare)
      if (!(refusal instanceof Promise)) refuseOr(refusal)
      else refusal.then(refuseOr).catch((error: unknown) => fail(error, response))
    } catch (error) {
      fail(error, response)
    }
  }
  const receive = (message: IncomingMessage, response: ServerResponse, expects: boolean): void => {
    if (!connections.track(message.socket, response)) return
    const received = readRequestHead(message, scheme)
    if ('refused' in received) {
      answerErrorAndLinger(response, { status: 400, code: 'USAGE', message: received.refused })
      return
    }
    const bare = requestOf(received.head, NO_BYTES, NO_HEADERS, message.socket)
    if (expects) readUnlessRefused(received, bare, response)
    else read(received, bare, response)
  }
  const relays =
    options.relay &&
    createRelays(
      options.relay,
      { wasCut: connections.wasCut, hold: connections.hold, clientTimeoutMs, scheme },
      () => formatListenAddress(bound()),
    )
  return { server, connections, relays }
}

function collect(
  message: IncomingMessage,
  head: RequestHead,
  maxBytes: number,
  response: ServerResponse,
  done: (request: HttpRequest) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  message.on('data', (chunk: Buffer) => {
    if (bytes > maxBytes) return
    bytes += chunk.length
    if (bytes <= maxBytes) {
      chunks.push(chunk)
      return
    }
    chunks.length = 0
    answerErrorAndLinger(response, {
      status: 413,
      code: 'USAGE',
      message: `The request has more than ${maxBytes} bytes of content`,
    })
  })
  message.once('end', () => {
    if (bytes > maxBytes) return
    const [only] = chunks
    const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes)
    done(requestOf(head, body, rawHeadersFromFlat(message.rawTrailers), message.socket))
  })
}

/** Field by field, since to spread an object costs ten times as much. */
function requestOf(
  { scheme, authority, method, target, httpVersion, headers }: RequestHead,
  body: Uint8Array,
  trailers: RawHeaders,
  connection: object,
): HttpRequest {
  return { scheme, authority, method, target, httpVersion, headers, body, trailers, connection }
}

function handlerFailure(error: unknown): Parameters<typeof answerError>[1] {
  // Only messages of our own are known to hold no secrets.
  if (error instanceof ResealError) {
    return { status: 500, code: error.code, message: error.message, hint: error.hint }
  }
  return { status: 500, code: 'UNEXPECTED', message: 'The request could not be answered' }
}
