import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { InterimResponse } from '../core/exchange.ts'
import { hopByHopNames, withoutHeaders } from '../core/headers.ts'

/**
 * Writes a 1xx response byte for byte (RFC 9110 §15.2): not to HTTP/1.0, which knows none, and not behind the final
 * head. An answer that waits for those before it on its connection writes them when it is its turn, at most
 * {@link MAX_WAITING} of them.
 */
export function writeInterim(
  response: ServerResponse,
  { status, reason, headers }: Omit<InterimResponse, 'atMs'>,
): void {
  if (response.headersSent || response.req.httpVersion === '1.0') return
  // Node closes a connection on which it does not know of the 100 that was waited for.
  if (status === 100 && reason === 'Continue' && headers.length === 0) response.writeContinue()
  else {
    const kept = withoutHeaders(headers, hopByHopNames(headers))
    const lines = kept.map(([name, value]) => `${name}: ${value}\r\n`)
    whenItsTurn(response, `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`)
  }
}

/** More of them an upstream need not say, and we need not hold. */
const MAX_WAITING = 64

/** Told of its socket, a response has not written yet what it was given before. */
function whenItsTurn(response: ServerResponse, text: string): void {
  if (response.socket !== null) response.socket.write(text, 'latin1')
  else if (response.listenerCount('socket') < MAX_WAITING) {
    response.setMaxListeners(0)
    response.once('socket', (socket: Socket) => socket.write(text, 'latin1'))
  }
}
