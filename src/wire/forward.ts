import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createProxyServer, type ProxyServer } from 'http-proxy-3'
import { errorBody, type ErrorAnswer } from '../core/error-answer.ts'
import { ResealError } from '../core/errors.ts'
import type { ExchangeTap, RequestHead } from '../core/exchange.ts'
import { answerError, answerErrorAndLinger } from './error-answer.ts'
import { forwardExchange } from './forwarded-exchange.ts'
import { readRequestHead } from './request-head.ts'
import type { Target } from './target.ts'
import { upstreamFailure } from './upstream-failure.ts'
import { createUpstream, type UpstreamOptions } from './upstream.ts'

export interface ForwardOptions extends UpstreamOptions {
  /** Called for every request once its head is here. */
  readonly tap: (head: RequestHead) => ExchangeTap
  /** Whether reseal itself has closed every connection. */
  readonly wasCut: () => boolean
  /** How long a client may hold back its content. */
  readonly clientTimeoutMs: number
}

/** A reverse proxy without a listener. */
export interface Forwarder {
  readonly target: Target
  /** Forwards one request; never throws, the client always gets an answer or a closed connection. */
  web(request: IncomingMessage, response: ServerResponse): void
  /** Forwards a WebSocket; what it carries is not recorded. */
  ws(request: IncomingMessage, socket: Duplex, head: Buffer): void
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
  const proxy: ProxyServer = createProxyServer({
    target: target.origin + target.basePath,
    secure: options.insecureUpstream !== true,
    changeOrigin: true,
    // Else WebSocket targets are normalised as URLs.
    toProxy: true,
  })
  proxy.on('error', (error, request, response) => {
    const answer = upstreamFailure(error, target)
    if (!('writeHead' in response)) refuseUpgrade(response, answer)
    else if (request.complete) answerError(response, answer)
    else answerErrorAndLinger(response, answer)
  })
  replaceStream(proxy, (request, response) => {
    const received = readRequestHead(request, 'http')
    if ('refused' in received) {
      answerErrorAndLinger(response, { status: 400, code: 'USAGE', message: received.refused })
      return
    }
    const unanswered = (error: Error): void => {
      proxy.emit('error', error, request, response)
    }
    const tap = options.tap(received.head)
    const { wasCut, clientTimeoutMs } = options
    forwardExchange({ request, response, received, upstream, tap, unanswered, wasCut, clientTimeoutMs })
  })
  return {
    target,
    web: (request, response) => proxy.web(request, response),
    ws: (request, socket, head) => proxy.ws(request, socket, head),
    close: () => upstream.close(),
  }
}

/**
 * `deleteLength` takes the framing from a chunked DELETE or OPTIONS, and its content becomes a second request
 * upstream (CL.TE request smuggling); `stream` is what our pass stands for.
 */
const TAKEN_OUT: ReadonlySet<string> = new Set(['deleteLength', 'stream'])

type Pass = (request: IncomingMessage, response: ServerResponse) => void

/** The list of passes is private to http-proxy-3, and taking one out has no other way. */
function replaceStream(proxy: ProxyServer, forward: Pass): void {
  const passes: unknown = Reflect.get(proxy, 'webPasses')
  const named = Array.isArray(passes) ? passes.filter((pass: unknown) => typeof pass === 'function') : []
  const kept = named.filter((pass) => !TAKEN_OUT.has(pass.name))
  if (named.length - kept.length !== TAKEN_OUT.size) {
    throw new ResealError(
      'UNEXPECTED',
      'This version of http-proxy-3 has other passes than the one reseal was made for',
      {
        hint: 'Install the version that reseal names: npm ci',
      },
    )
  }
  Reflect.set(proxy, 'webPasses', [...kept, forward])
}

function refuseUpgrade(socket: Socket, answer: ErrorAnswer): void {
  if (socket.destroyed || !socket.writable) return
  const body = errorBody(answer)
  socket.end(
    `HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.toString('latin1')}`,
    'latin1',
  )
}
