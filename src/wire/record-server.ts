import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ExchangeTap, RequestHead } from '../core/exchange.ts'
import type { Route } from '../core/pair.ts'
import { forwarder } from './forward.ts'
import { asksForWebSocket } from './websocket/handshake.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { listen, trackConnections, type RunningServer } from './listener.ts'
import { CLIENT_TIMEOUT_MS, serverOptions } from './slow-client.ts'
import type { UpstreamOptions } from './upstream.ts'

export interface RecordServerOptions extends UpstreamOptions {
  /** As `parseListenAddress` reads it. */
  readonly listen: string
  /** Called for every request once its head is here, with the way it takes. */
  readonly tap: (head: RequestHead, route: Route) => ExchangeTap
  /** Of the frames of one WebSocket, so many bytes are told; default 64 MiB. */
  readonly maxFrameBytes?: number
  /** How long exchanges under way may take when the server closes; default 10 s. */
  readonly closeDeadlineMs?: number
  /** How long a client may take for the head of a request, or hold back its content; default 10 s. */
  readonly clientTimeoutMs?: number
}

/**
 * A reverse proxy that listens, and lets a tap watch every exchange.
 * @throws ResealError USAGE, ADDRESS_IN_USE, ADDRESS_UNUSABLE
 */
export async function serveForwarding(options: RecordServerOptions): Promise<RunningServer> {
  const { clientTimeoutMs = CLIENT_TIMEOUT_MS } = options
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
    clientTimeoutMs,
    hold: (socket, leave) => connections.hold(socket, leave),
  })
  const server = createServer({
    ...serverOptions(clientTimeoutMs),
    shouldUpgradeCallback: asksForWebSocket,
  })
  server.maxHeadersCount = 0
  const connections = trackConnections(server)
  const web = (request: IncomingMessage, response: ServerResponse): void => {
    if (connections.track(request.socket, response)) forward.web(request, response)
  }
  server.on('request', web)
  // With these two, Node leaves to the upstream what to say to `Expect`.
  server.on('checkContinue', web)
  server.on('checkExpectation', web)
  server.on('upgrade', (request, socket, head) => {
    if (!connections.isOver(socket)) forward.ws(request, socket, head)
  })
  const running = await listen(server, address, connections, options.closeDeadlineMs)
  return {
    ...running,
    close: async () => {
      await running.close()
      forward.close()
    },
  }
}
