import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { rawHeadersFromFlat } from '../core/headers.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { asksForWebSocket } from '../core/web-socket-request.ts'
import { MAX_STREAMS, SESSION_OPTIONS } from './h2/session-options.ts'
import { answerStreamError } from './h2/stream-answer.ts'
import type { StreamListener } from './h2/stream-listener.ts'
import { answerError } from './error-answer.ts'
import { serverOptions } from './slow-client.ts'
import { upgradeResponse } from './upgrade-response.ts'

/** Who answers what comes in on a server. */
export interface HttpListeners {
  /** @param expects a 100 before it sends its content */
  request(request: IncomingMessage, response: ServerResponse, expects: boolean): void
  upgrade(request: IncomingMessage, socket: Duplex, begun: Buffer): void
  /** Requests over HTTP/2. */
  readonly stream: StreamListener
}

const NO_TUNNELS = {
  status: 501,
  code: 'USAGE',
  message: 'The method CONNECT is not forwarded',
  hint: 'Ask for a WebSocket over HTTP/1.1.',
} as const
const NO_PROXY = {
  ...NO_TUNNELS,
  hint: "reseal is asked in its backend's place, not by a proxy setting: give the client this listener's URL instead.",
} as const
/** A client may take so long for its TLS handshake. */
const HANDSHAKE_MS = 10_000

/** A server that is not bound yet: HTTP/1.1, or with an identity HTTP/2 and HTTP/1.1 by ALPN (RFC 7301) over TLS. */
export function createHttpServer(
  clientTimeoutMs: number,
  tls: TlsIdentity | undefined,
  listeners: HttpListeners,
): NetServer {
  const http1 = serverOptions(clientTimeoutMs)
  const server: NetServer =
    tls === undefined
      ? createServer(http1)
      : createSecureServer({
          ...SESSION_OPTIONS,
          ...tls,
          ...http1,
          allowHTTP1: true,
          handshakeTimeout: Math.min(HANDSHAKE_MS, clientTimeoutMs),
          settings: { ...SESSION_OPTIONS.settings, maxConcurrentStreams: MAX_STREAMS },
        })
  // The server for both protocols sets its own after it has read the options.
  Object.assign(server, { maxHeadersCount: 0, shouldUpgradeCallback: isUpgrade })
  const on = (expects: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    listeners.request(request, response, expects)
  server.on('request', on(false))
  // With these two, Node leaves to us what to say to `Expect`.
  server.on('checkContinue', on(true))
  server.on('checkExpectation', on(false))
  server.on('upgrade', listeners.upgrade)
  // Without a listener Node closes the connection and says nothing.
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const response = upgradeResponse(request, socket)
    if (response !== undefined) answerError(response, NO_PROXY)
  })
  // The listener for `request` has brought one for streams, which makes requests of HTTP/1.1 of them.
  server.removeAllListeners('stream')
  server.on(
    'stream',
    (stream: ServerHttp2Stream, parsed: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
      if (parsed[':method'] === 'CONNECT') answerStreamError(stream, NO_TUNNELS)
      else listeners.stream(stream, parsed, flags, raw)
    },
  )
  return server
}

/** Asked for what Node takes for an upgrade; what is none is a request. */
function isUpgrade({ method = '', rawHeaders }: IncomingMessage): boolean {
  return asksForWebSocket({ method, headers: rawHeadersFromFlat(rawHeaders) })
}
