import type { ServerHttp2Stream } from 'node:http2'
import { MIN_BYTES_PER_SECOND } from '../slow-client.ts'

/**
 * Watches that a request's content keeps coming, as `limitContentTime` does over HTTP/1.1: spans in which we held the
 * client back do not count. It is over once the content is whole or the stream is closed.
 */
export function limitStreamTime(stream: ServerHttp2Stream, timeoutMs: number, expired: () => void): void {
  const least = (MIN_BYTES_PER_SECOND * timeoutMs) / 1000
  let bytes = 0
  let heldBack = false
  const timer = setInterval(() => {
    const slow = bytes < least && !heldBack && !stream.isPaused()
    bytes = 0
    heldBack = false
    if (!slow) return
    clearInterval(timer)
    expired()
  }, timeoutMs)
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  stream.on('pause', () => {
    heldBack = true
  })
  const done = (): void => clearInterval(timer)
  stream.once('end', done)
  stream.once('close', done)
}
