import type { Socket } from 'node:net'

/**
 * Resets a connection; one whose end is on its way already is closed. libuv refuses a reset behind a shutdown that is
 * under way, and Node then takes the handle for closed: it stays open, and a process that ends waits for it for ever.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
