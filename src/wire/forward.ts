import { ServerResponse, type IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { createProxyServer, type ProxyServer } from 'http-proxy-3'
import { ResealError } from '../core/errors.ts'
import type { ExchangeTap, HttpRequest, RequestHead, Scheme } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import { asksForWebSocket } from '../core/web-socket-request.ts'
import { answerError, answerErrorAndLinger } from './error-answer.ts'
import { forwardExchange } from './forwarded-exchange.ts'
import { forwardStream } from './h2/forwarded-stream.ts'
import { readH2Request } from './h2/h2-head.ts'
import { createHttp2Upstream } from './h2/http2-upstream.ts'
import { readRequestHead } from './request-head.ts'
import type { Target } from './target.ts'
import { upstreamFailure } from './upstream-failure.ts'
import { upgradeResponse } from './upgrade-response.ts'
import { createUpstream, type UpstreamOptions } from './upstream.ts'
import { webSocketSwitch } from './websocket/switch.ts'

export interface ForwardOptions extends UpstreamOptions {
  /** Called for every request once its head is here. */
  readonly tap: (head: RequestHead) => ExchangeTap
  /** Whether reseal itself has closed every connection. */
  readonly wasCut: () => boolean
  /** What the listener speaks. */
  readonly scheme: Scheme
  /** How long a client may hold back its content. */
  readonly clientTimeoutMs: number
  /** Told of a client's connection that `leave` ends when the server closes. */
  readonly hold: (client: Duplex, leave: () => void) => void
  /** Of the frames of one WebSocket, so many bytes are told; default 64 MiB. */
  readonly maxFrameBytes?: number
  /** Fields added to every response; default none. */
  readonly marks?: RawHeaders
}

/** A reverse proxy without a listener. */
export interface Forwarder {
  readonly target: Target
  /**
   * Forwards one request; never throws, the client always gets an answer or a closed connection.
   * @param content that has been read already
   */
  web(
    request: IncomingMessage,
    response: ServerResponse,
    content?: Pick<HttpRequest, 'body' | 'trailers'>,
  ): void
  /** Forwards a request that asks to become a WebSocket, and then what it carries. */
  ws(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Forwards one request of an HTTP/2 client. @param raw its head, names and values in turns */
  stream(stream: ServerHttp2Stream, raw: readonly string[]): void
  /** Forwards one request of an HTTP/2 client that has been read whole. */
  readStream(stream: ServerHttp2Stream, request: HttpRequest): void
  /** Closes the connections kept to the upstream. */
  close(): void
}

/**
 * A reverse proxy in the frame of http-proxy-3 with a pass of our own, which forwards byte for byte what its `stream`
 * would normalise, join, drop or leave hanging.
 * @throws ResealError USAGE for a bad target
 */
export function forwarder(options: ForwardOptions): Forwarder {
  const upstream = createUpstream(options)
  const { target } = upstream
  const http2 = createHttp2Upstream(options, target)
  const proxy: ProxyServer = createProxyServer({
    target: target.origin + target.basePath,
    secure: options.insecureUpstream !== true,
    changeOrigin: true,
    // Else WebSocket targets are normalised as URLs.
    toProxy: true,
  })
  proxy.on('error', (error, request, response) => {
    const answer = upstreamFailure(error, target)
    if (!(response instanceof ServerResponse)) response.destroy()
    else if (request.complete) answerError(response, answer)
    else answerErrorAndLinger(response, answer)
  })
  const contents = new WeakMap<IncomingMessage, Pick<HttpRequest, 'body' | 'trailers'>>()
  const forward = (request: IncomingMessage, response: ServerResponse, client?: Duplex): void => {
    const received = readRequestHead(request, options.scheme)
    if ('refused' in received) {
      answerErrorAndLinger(response, { status: 400, code: 'USAGE', message: received.refused })
      return
    }
    const unanswered = (error: Error): void => {
      proxy.emit('error', error, request, response)
    }
    const tap = options.tap(received.head)
    const { wasCut, clientTimeoutMs, marks } = options
    const content = contents.get(request)
    const known = { ...(content === undefined ? {} : { content }), ...(marks === undefined ? {} : { marks }) }
    const exchange = {
      request,
      response,
      received,
      upstream,
      tap,
      unanswered,
      wasCut,
      clientTimeoutMs,
      ...known,
    }
    // A server that was to answer it itself took it for a request.
    const isRelayed = content !== undefined && asksForWebSocket(received.head)
    const upgrading = isRelayed ? request.socket : client
    if (upgrading === undefined) forwardExchange(exchange)
    else {
      const switched = webSocketSwitch({ ...options, client: upgrading, response, tap })
      forwardExchange({ ...exchange, switched })
    }
  }
  replacePasses<ServerResponse>(proxy, 'webPasses', WEB_TAKEN_OUT, forward)
  replacePasses<Duplex>(proxy, 'wsPasses', WS_TAKEN_OUT, (request, socket) => {
    const response = upgradeResponse(request, socket)
    if (response !== undefined) forward(request, response, socket)
  })
  return {
    target,
    web: (request, response, content) => {
      if (content !== undefined) contents.set(request, content)
      proxy.web(request, response)
    },
    ws: (request, socket, head) => {
      // What came behind the request is the first of what the WebSocket carries.
      if (head.length > 0) socket.unshift(head)
      proxy.ws(request, socket, NOTHING)
    },
    stream(stream, raw) {
      const head = readH2Request(raw)
      const tap = options.tap(head)
      const { wasCut, clientTimeoutMs } = options
      forwardStream({ stream, head, upstream, http2, tap, wasCut, clientTimeoutMs })
    },
    readStream(stream, request) {
      const { wasCut, clientTimeoutMs, marks = [] } = options
      const tap = options.tap(request)
      const way = { upstream, http2, tap, wasCut, clientTimeoutMs, marks }
      forwardStream({ ...way, stream, head: request, content: request })
    },
    close() {
      upstream.close()
      http2.close()
    },
  }
}

/**
 * `deleteLength` takes the framing from a chunked DELETE or OPTIONS, and its content becomes a second request
 * upstream (CL.TE request smuggling); `stream` is what our pass stands for.
 */
const WEB_TAKEN_OUT: ReadonlySet<string> = new Set(['deleteLength', 'stream'])
const WS_TAKEN_OUT: ReadonlySet<string> = new Set(['stream'])
const NOTHING = Buffer.alloc(0)

type Pass<R> = (request: IncomingMessage, response: R) => void

/** The lists of passes are private to http-proxy-3, and taking one out has no other way. */
function replacePasses<R extends ServerResponse | Duplex>(
  proxy: ProxyServer,
  list: 'webPasses' | 'wsPasses',
  takenOut: ReadonlySet<string>,
  forward: Pass<R>,
): void {
  const passes: unknown = Reflect.get(proxy, list)
  const named = Array.isArray(passes) ? passes.filter((pass: unknown) => typeof pass === 'function') : []
  const kept = named.filter((pass) => !takenOut.has(pass.name))
  if (named.length - kept.length !== takenOut.size) {
    throw new ResealError(
      'UNEXPECTED',
      'This version of http-proxy-3 has other passes than the one reseal was made for',
      {
        hint: 'Install the version that reseal names: npm ci',
      },
    )
  }
  // A pass that gives something true ends the list, and http-proxy-3 hands over more than ours take.
  const last = (request: IncomingMessage, response: R): void => forward(request, response)
  Reflect.set(proxy, list, [...kept, last])
}
