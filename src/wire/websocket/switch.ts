import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ExchangeTap } from '../../core/exchange.ts'
import type { RawHeaders } from '../../core/headers.ts'
import type { ForwardedExchange } from '../forwarded-exchange.ts'
import { agreedExtensions } from './extensions.ts'
import { watchFrames } from './frame-watch.ts'
import { tunnel } from './tunnel.ts'

export interface WebSocketSwitch {
  readonly client: Duplex
  /** The answer that the 101 stands for. */
  readonly response: ServerResponse
  readonly tap: ExchangeTap
  readonly hold: (client: Duplex, leave: () => void) => void
  readonly maxFrameBytes?: number
}

const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Hands an upstream's 101 to the client as it came, and then what both say. */
export function webSocketSwitch(options: WebSocketSwitch): NonNullable<ForwardedExchange['switched']> {
  const { client, response, tap, hold, maxFrameBytes = MAX_FRAME_BYTES } = options
  return ({ head, socket }, ending) => {
    // A side that has said all may still hear.
    socket.allowHalfOpen = true
    if (client instanceof Socket) response.detachSocket(client)
    response.statusCode = 101
    client.write(switchHead(head.reason, head.headers), 'latin1')
    tap.responseHead(head)
    const watch = watchFrames(agreedExtensions(head.headers), maxFrameBytes, tap)
    hold(client, tunnel({ client, upstream: socket, watch, tap, ending }))
  }
}

/** A 101 in wire form. */
export function switchHead(reason: string, headers: RawHeaders): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 101 ${reason}\r\n${lines}\r\n`
}
