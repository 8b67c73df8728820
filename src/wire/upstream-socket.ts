import type { Socket } from 'node:net'
import { systemErrorCode } from '../core/errors.ts'

type Done = (error?: Error | null) => void

/**
 * Lets a connection that was reset be read to its end. An upstream that refuses content early (413) answers and
 * closes, and the close resets what is still being sent. Node then destroys the connection on the failed write, with
 * the answer unread in the kernel. Here a failed write only stays without an end: reading goes on, gives the answer
 * if there is one, and ends in the close or the reset that the write met.
 *
 * Header text written without an encoding (a head with `Expect`) is latin-1: as UTF-8 bytes above 0x7f would double.
 */
export function prepareUpstreamSocket(socket: Socket): void {
  socket.setDefaultEncoding('latin1')
  const { _write: write, _writev: writev } = socket
  const unlessReset =
    (done: Done): Done =>
    (error) => {
      const code = systemErrorCode(error)
      if (code !== 'ECONNRESET' && code !== 'EPIPE') done(error)
      else if (socket.readableEnded) socket.destroy()
      // Nothing else would close it: its write side never finishes.
      else socket.once('end', () => socket.destroy())
    }
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, unlessReset(done))
  if (writev !== undefined) socket._writev = (chunks, done) => writev.call(socket, chunks, unlessReset(done))
}
