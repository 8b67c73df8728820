import type { ServerResponse } from 'node:http'
import type { Cut } from '../core/upstream-failure.ts'
import { resetSocket } from './reset-socket.ts'

/** A client that reads nothing more gets no longer to take what was written before it is cut off. */
const DRAIN_MS = 2000

/**
 * Ends a client's connection in the middle of a response: with a reset or a close, once what was written has left. A
 * close never looks like the end: where only it would end the content, it is a reset.
 * @param untilClose the content has neither a length nor the chunked coding
 */
export function breakOff(response: ServerResponse, cut: Cut, untilClose: boolean): void {
  const { socket } = response.req
  if (socket.destroyed) return
  const reset = cut === 'reset' || untilClose
  const end = (): void => {
    clearTimeout(late)
    if (reset) resetSocket(socket)
    else socket.destroySoon()
  }
  const late = setTimeout(() => resetSocket(socket), DRAIN_MS)
  socket.once('close', () => clearTimeout(late))
  const afterWhatWasWritten = (): void => void socket.write('', end)
  // A response that waits behind others of its connection has no socket yet, and is written when it gets one.
  if (response.socket === null) response.once('socket', () => process.nextTick(afterWhatWasWritten))
  else afterWhatWasWritten()
}
