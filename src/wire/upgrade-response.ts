import { ServerResponse, type IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * A response to a request whose connection node:http has let go of, so that an upgrade that comes to nothing is
 * answered as any other request is; the connection ends with it. Undefined when the client is gone already.
 */
export function upgradeResponse(request: IncomingMessage, socket: Duplex): ServerResponse | undefined {
  // Told by `close`, which follows.
  socket.on('error', () => {})
  if (!(socket instanceof Socket) || socket.destroyed) return undefined
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  return response
}
