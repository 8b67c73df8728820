import type { ServerResponse } from 'node:http'
import type { InterimResponse } from '../core/exchange.ts'
import { hopByHopNames, withoutHeaders } from '../core/headers.ts'

/**
 * Writes a 1xx response byte for byte (RFC 9110 §15.2): not to HTTP/1.0, which knows none, and not behind the final
 * head. Only the answer that is next on its connection can write one.
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
    response.socket?.write(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n`, 'latin1')
  }
}
