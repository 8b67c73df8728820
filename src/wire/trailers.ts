import type { OutgoingMessage } from 'node:http'
import type { RawHeaders } from '../core/headers.ts'

/** Adds trailer fields to a message sent in the chunked coding, order, case and repeats kept (RFC 9112 §7.1.2). */
export function addTrailers(message: OutgoingMessage, trailers: RawHeaders): void {
  if (trailers.length > 0)
    message.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]))
}
