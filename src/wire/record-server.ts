import type { ExchangeTap, RequestHead } from '../core/exchange.ts'
import type { Route } from '../core/pair.ts'
import type { Tags } from '../core/tags.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { forwarder } from './forward.ts'
import { createHttpServer } from './http-server.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { boundPort, listen, trackConnections, type RunningServer } from './listener.ts'
import { CLIENT_TIMEOUT_MS } from './slow-client.ts'
import type { UpstreamOptions } from './upstream.ts'

export interface RecordServerOptions extends UpstreamOptions {
  /** As `parseListenAddress` reads it. */
  readonly listen: string
  /** What is said of each exchange. */
  readonly tags?: Tags | undefined
  /** Listens with TLS, for HTTP/2 and HTTP/1.1; without, for HTTP/1.1 in the clear. */
  readonly tls?: TlsIdentity | undefined
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
  const tagged = options.tags === undefined ? {} : { tags: options.tags }
  let route: Route | undefined
  const boundRoute = (): Route => {
    const port = boundPort(server, address)
    const { origin } = forward.target
    return { listen: formatListenAddress({ host: address.host, port }), target: origin, ...tagged }
  }
  const forward = forwarder({
    ...options,
    tap: (head) => options.tap(head, (route ??= boundRoute())),
    wasCut: () => connections.wasCut(),
    clientTimeoutMs,
    scheme: options.tls === undefined ? 'http' : 'https',
    hold: (socket, leave) => connections.hold(socket, leave),
  })
  const server = createHttpServer(clientTimeoutMs, options.tls, {
    request(request, response) {
      if (connections.track(request.socket, response)) forward.web(request, response)
    },
    upgrade(request, socket, begun) {
      if (!connections.isOver(socket)) forward.ws(request, socket, begun)
    },
    stream: (stream, _, __, raw) => forward.stream(stream, raw),
  })
  const connections = trackConnections(server)
  const running = await listen(server, address, connections, options.closeDeadlineMs)
  return {
    ...running,
    close: async () => {
      await running.close()
      forward.close()
    },
  }
}
