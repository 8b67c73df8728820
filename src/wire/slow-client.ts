import type { IncomingMessage, ServerOptions } from 'node:http'
import { KEEP_ALIVE_MS, MAX_HEAD_BYTES } from './limits.ts'

export const CLIENT_TIMEOUT_MS = 10_000
/** How often heads that are late are looked for. */
const CHECK_MS = 1000
/** Content that comes slower than this is held back: a connection costs its sender too little. */
export const MIN_BYTES_PER_SECOND = 100

/**
 * Options of node:http that every server here has: a client gets so long for the head of a request, and any time for
 * a large content; it is for us to refuse a missing Host, since Node reads on behind its own refusal.
 */
export function serverOptions(clientTimeoutMs: number): ServerOptions {
  return {
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
    requireHostHeader: false,
    headersTimeout: clientTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(CHECK_MS, clientTimeoutMs),
  }
}

/** What a client is told that took too long (RFC 9110 §15.5.9). */
export const TOO_SLOW = {
  status: 408,
  code: 'USAGE',
  message: 'The client held back the content of its request for too long',
  hint: 'Send it faster, or raise --client-timeout.',
} as const

export interface ContentLimit {
  readonly timeoutMs: number
  /** The client rightly waits. */
  readonly waiting: () => boolean
  /** Told once, when the client was too slow. */
  readonly expired: () => void
}

/**
 * Watches that a request's content keeps coming: at least 100 bytes a second over every span of the timeout. Spans in
 * which we held the client back, or have yet to ask it for content, do not count.
 */
export function limitContentTime(request: IncomingMessage, limit: ContentLimit): void {
  // Content that came with its head is whole by then, though not yet in the next tick: a timer would be for nothing.
  if (begun.length === 0) setImmediate(watchBegun)
  begun.push({ request, bytesAtStart: request.socket.bytesRead, limit })
}

/** Requests of this turn of the loop, all looked at once at its end. */
let begun: {
  readonly request: IncomingMessage
  readonly bytesAtStart: number
  readonly limit: ContentLimit
}[] = []

function watchBegun(): void {
  const all = begun
  begun = []
  for (const { request, bytesAtStart, limit } of all) {
    if (!request.complete && !request.socket.destroyed) watchContent(request, bytesAtStart, limit)
  }
}

function watchContent(
  request: IncomingMessage,
  bytesAtStart: number,
  { timeoutMs, waiting, expired }: ContentLimit,
): void {
  const { socket } = request
  const least = (MIN_BYTES_PER_SECOND * timeoutMs) / 1000
  let heldBack = false
  let bytesBefore = bytesAtStart
  const timer = setInterval(() => {
    const slow = socket.bytesRead - bytesBefore < least
    const excused = heldBack || request.isPaused() || waiting()
    bytesBefore = socket.bytesRead
    heldBack = false
    if (slow && !excused) {
      done()
      expired()
    }
  }, timeoutMs)
  request.on('pause', () => {
    heldBack = true
  })
  const done = (): void => {
    clearInterval(timer)
    // The connection stays, and would keep a listener for each of its requests.
    socket.off('close', done)
  }
  request.once('end', done)
  // Where the answer was early and the client just leaves, only the socket hears of it.
  socket.once('close', done)
}
