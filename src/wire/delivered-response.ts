import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Delivery } from '../core/delivery.ts'

/** Content at a pace leaves in pieces at least so far apart: slow enough to cost little, fast enough to look steady. */
const PIECE_MS = 50

/**
 * Writes a response as its {@link Delivery} says, for as long as the client is there; nothing is left running when
 * it goes.
 * @param begin writes the head and returns the content that follows it
 */
export async function deliver(
  response: ServerResponse,
  delivery: Delivery,
  begin: () => Uint8Array,
): Promise<void> {
  // A response that waits behind others of its connection has no socket yet, and hears nothing of its end.
  const { socket } = response.req
  if (socket.destroyed) return
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  socket.once('close', leave)
  try {
    await travel(response, delivery, begin, gone.signal)
  } catch (error) {
    // Whatever fails once the client has gone fails because of that.
    if (!gone.signal.aborted) throw error
  } finally {
    socket.off('close', leave)
  }
}

async function travel(
  response: ServerResponse,
  { delayMs = 0, bytesPerSecond, resetAfterBytes = Infinity, stallAfterBytes = Infinity }: Delivery,
  begin: () => Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (delayMs > 0) await wait(delayMs, undefined, { signal })
  const lastByte = Math.min(resetAfterBytes, stallAfterBytes)
  if (lastByte > 0) {
    const content = begin()
    const sent = content.subarray(0, Math.min(lastByte, content.length))
    if (lastByte < Infinity || bytesPerSecond !== undefined) response.flushHeaders()
    if (bytesPerSecond !== undefined) await drip(response, sent, bytesPerSecond, signal)
    else if (lastByte < Infinity && sent.length > 0) response.write(sent)
    if (lastByte === Infinity) {
      response.end(bytesPerSecond === undefined ? sent : undefined)
      return
    }
  }
  if (resetAfterBytes <= stallAfterBytes) await reset(response, signal)
}

async function drip(
  response: ServerResponse,
  content: Uint8Array,
  bytesPerSecond: number,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = performance.now()
  const pieceMs = Math.max(PIECE_MS, 1000 / bytesPerSecond)
  for (let sent = 0; sent < content.length;) {
    await wait(pieceMs, undefined, { signal })
    const due = Math.floor(((performance.now() - startedMs) * bytesPerSecond) / 1000)
    const next = Math.max(due, sent + 1)
    response.write(content.subarray(sent, next))
    sent = next
  }
}

/** Answers before this one on its connection, and what was written of it, have left when the reset comes. */
async function reset(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (response.socket === null) await once(response, 'socket', { signal })
  const { socket } = response.req
  await new Promise<void>((resolve) => {
    socket.write('', () => resolve())
  })
  socket.resetAndDestroy()
}
