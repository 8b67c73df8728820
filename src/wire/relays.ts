import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Relay } from '../core/delivery.ts'
import type { ExchangeTap, HttpRequest, RequestHead } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { Route } from '../core/pair.ts'
import { asksForWebSocket } from '../core/web-socket-request.ts'
import { forwarder, type Forwarder, type ForwardOptions } from './forward.ts'
import type { UpstreamOptions } from './upstream.ts'

/** How requests are forwarded that a server does not answer itself. */
export interface RelayOptions extends Omit<UpstreamOptions, 'target'> {
  /** Called for every request that is forwarded, with the way it takes. */
  readonly tap: (head: RequestHead, route: Route) => ExchangeTap
  /** Fields added to every response that comes back. */
  readonly marks: RawHeaders
  /** Of the frames of one WebSocket, so many bytes are told; default 64 MiB. */
  readonly maxFrameBytes?: number
}

/** Upstreams for requests whose content has been read. */
export interface Relays {
  /** Forwards a request; its client always gets an answer or a closed connection. */
  send(relay: Relay, request: HttpRequest, response: ServerResponse): void
  /** Forwards a request of an HTTP/2 client. */
  sendStream(relay: Relay, request: HttpRequest, stream: ServerHttp2Stream): void
  /** Closes the connections kept to the upstreams. */
  close(): void
}

/**
 * Makes one forwarder for each target, when the first request is for it: until then no connection is opened.
 * @param listening `host:port` of the server
 */
export function createRelays(
  options: RelayOptions,
  server: Pick<ForwardOptions, 'wasCut' | 'hold' | 'clientTimeoutMs' | 'scheme'>,
  listening: () => string,
): Relays {
  const forwarders = new Map<string, Forwarder>()
  const forwarderTo = (target: string): Forwarder => {
    const known = forwarders.get(target)
    if (known !== undefined) return known
    const { tap, ...others } = options
    const made: Forwarder = forwarder({
      ...others,
      ...server,
      target,
      tap: (head) => tap(head, { listen: listening(), target: made.target.origin }),
    })
    forwarders.set(target, made)
    return made
  }
  return {
    send: ({ target, answered }, request, response) => {
      const { req: message } = response
      // A WebSocket takes the connection away from its response, which then never ends.
      const ending = asksForWebSocket(request) ? message.socket : response
      ending.once('close', () => {
        const { headersSent, statusCode } = response
        answered(headersSent || statusCode === 101 ? statusCode : 0)
      })
      forwarderTo(target).web(message, response, request)
    },
    sendStream: ({ target, answered }, request, stream) => {
      stream.once('close', () => answered(Number(stream.sentHeaders?.[':status'] ?? 0)))
      forwarderTo(target).readStream(stream, request)
    },
    close() {
      for (const one of forwarders.values()) one.close()
    },
  }
}
