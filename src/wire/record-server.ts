import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ExchangeTap, RequestHead } from '../core/exchange.ts'
import type { Route } from '../core/pair.ts'
import { forwarder } from './forward.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { KEEP_ALIVE_MS, listen, MAX_HEAD_BYTES, trackConnections, type RunningServer } from './listener.ts'
import type { UpstreamOptions } from './upstream.ts'

/** A client may take so long for the head of a request; without this, `requestTimeout: 0` would give it for ever. */
const HEADERS_TIMEOUT_MS = 60_000

export interface RecordServerOptions extends UpstreamOptions {
  /** As `parseListenAddress` reads it. */
  readonly listen: string
  /** Called for every request once its head is here, with the way it takes. */
  readonly tap: (head: RequestHead, route: Route) => ExchangeTap
  /** How long exchanges under way may take when the server closes; default 10 s. */
  readonly closeDeadlineMs?: number
}

/**
 * A reverse proxy that listens, and lets a tap watch every exchange.
 * @throws ResealError USAGE, ADDRESS_IN_USE, ADDRESS_UNUSABLE
 */
export async function serveForwarding(options: RecordServerOptions): Promise<RunningServer> {
  const address = parseListenAddress(options.listen)
  let route: Route | undefined
  const boundRoute = (): Route => {
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
    return { listen: formatListenAddress({ host: address.host, port }), target: forward.target.origin }
  }
  const forward = forwarder({
    ...options,
    tap: (head) => options.tap(head, (route ??= boundRoute())),
    wasCut: () => connections.wasCut(),
  })
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
    // A large or slow upload is the upstream's to judge.
    requestTimeout: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Any other protocol a client offers (h2c) is an offer one may leave out (RFC 9110 §7.8).
    shouldUpgradeCallback: ({ method, headers }) =>
      method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket',
  })
  server.maxHeadersCount = 0
  const connections = trackConnections(server)
  const web = (request: IncomingMessage, response: ServerResponse): void => {
    connections.track(request.socket, response)
    forward.web(request, response)
  }
  server.on('request', web)
  // With these two, Node leaves to the upstream what to say to `Expect`.
  server.on('checkContinue', web)
  server.on('checkExpectation', web)
  server.on('upgrade', (request, socket, head) => forward.ws(request, socket, head))
  const running = await listen(server, address, connections, options.closeDeadlineMs)
  return {
    ...running,
    close: async () => {
      await running.close()
      forward.close()
    },
  }
}
