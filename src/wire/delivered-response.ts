import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { ContentChunk, HttpResponse } from '../core/exchange.ts'
import { breakOff } from './broken-off.ts'
import { writeInterim } from './interim.ts'

/** Content at a pace leaves in pieces at least so far apart: slow enough to cost little, fast enough to look steady. */
const PIECE_MS = 50
/** The longest wait a timer can hold. */
const MAX_WAIT_MS = 2 ** 31 - 1

/** A response that is not simply written. */
export interface DeliveredResponse {
  readonly delivery: HttpResponse['delivery'] | undefined
  readonly interim: HttpResponse['interim'] | undefined
  /** The pieces its content is to leave in; undefined for all at once. */
  readonly pieces: readonly ContentChunk[] | undefined
  /** Writes the head and returns the content that follows it. */
  begin(): Uint8Array
  /** The response stays without an end for as long as its client stays. */
  held(): void
}

/** Writes a response as its delivery and recording say, while the client is there; nothing runs on when it goes. */
export async function deliver(response: ServerResponse, delivered: DeliveredResponse): Promise<void> {
  // A response that waits behind others of its connection has no socket yet, and hears nothing of its end.
  const { socket } = response.req
  if (socket.destroyed) return
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  socket.once('close', leave)
  try {
    await travel(response, delivered, gone.signal)
  } catch (error) {
    // Whatever fails once the client has gone fails because of that.
    if (!gone.signal.aborted) throw error
  } finally {
    socket.off('close', leave)
  }
}

async function travel(
  response: ServerResponse,
  { delivery = {}, interim = [], pieces, begin, held }: DeliveredResponse,
  signal: AbortSignal,
): Promise<void> {
  const { delayMs = 0, resetAfterBytes = Infinity, stallAfterBytes = Infinity, cut } = delivery
  const until = timeline(delivery.pace, signal)
  if (delayMs > 0) await wait(delayMs, undefined, { signal })
  if (interim.length > 0 && response.socket === null) await once(response, 'socket', { signal })
  for (const one of interim) {
    await until(one.atMs)
    writeInterim(response, one)
  }
  await until(delivery.headAtMs ?? 0)
  const lastByte = Math.min(resetAfterBytes, stallAfterBytes)
  if (lastByte > 0) {
    const content = begin()
    const sent = content.subarray(0, lastByte)
    const whole = lastByte === Infinity && cut === undefined
    if (!whole || pieces !== undefined || delivery.bytesPerSecond !== undefined) response.flushHeaders()
    if (delivery.bytesPerSecond !== undefined) await drip(response, sent, delivery.bytesPerSecond, signal)
    else if (pieces !== undefined) await sendPieces(response, sent, pieces, until)
    else if (whole && delivery.endAtMs === undefined) return void response.end(sent)
    else if (sent.length > 0) response.write(sent)
    if (whole) {
      await until(delivery.endAtMs ?? 0)
      return void response.end()
    }
  }
  if (cut === 'hold' || stallAfterBytes < resetAfterBytes) held()
  else breakOff(response, cut ?? 'reset', delivery.untilClose === true || response.req.httpVersion === '1.0')
}

/** Takes pieces of content. */
interface Writes {
  write(chunk: Uint8Array): unknown
}

/** Waits until a moment of the recording, in milliseconds since the request's head; at once when there is no pace. */
export function timeline(
  pace: number | undefined,
  signal: AbortSignal,
): (atMs: number) => Promise<void> | undefined {
  if (pace === undefined) return () => undefined
  const startedMs = performance.now()
  return (atMs) => {
    const leftMs = startedMs + atMs / pace - performance.now()
    return leftMs > 0 ? wait(Math.min(leftMs, MAX_WAIT_MS), undefined, { signal }) : undefined
  }
}

/** Sends content in pieces, each when it is due. */
export async function sendPieces(
  response: Writes,
  content: Uint8Array,
  pieces: readonly ContentChunk[],
  until: (atMs: number) => Promise<void> | undefined,
): Promise<void> {
  let sent = 0
  for (const { endBytes, atMs } of pieces) {
    const waiting = until(atMs)
    if (waiting !== undefined) await waiting
    const piece = content.subarray(sent, endBytes)
    if (piece.length > 0) response.write(piece)
    sent = Math.max(sent, endBytes)
  }
  if (sent < content.length) response.write(content.subarray(sent))
}

/** Sends content at a pace, in pieces. */
export async function drip(
  response: Writes,
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
