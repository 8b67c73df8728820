import type { MemoryBudget } from './memory-budget.ts'

/** A body as it passes, kept up to a limit. */
export interface BodyBuffer {
  /** How long the body says it is; spares copies. */
  expect(bytes: number): void
  /** Copies what still fits; the chunk stays its owner's. */
  add(chunk: Uint8Array): void
  /** How many bytes passed, kept or not. */
  passedBytes(): number
  /** Some bytes passed that were not kept. */
  truncated(): boolean
  /** What was kept, in a buffer of its own. */
  bytes(): Uint8Array
  /** Frees what was kept; nothing more is. */
  letGo(): void
}

const FIRST_BYTES = 16 * 1024

/**
 * @param maxBytes of the body's beginning are kept
 * @param budget counts what is kept, and may refuse more
 */
export function createBodyBuffer(maxBytes: number, budget: Pick<MemoryBudget, 'take'>): BodyBuffer {
  let buffer = new Uint8Array()
  let keptBytes = 0
  let passedBytes = 0
  let expectedBytes = 0
  return {
    expect(bytes) {
      expectedBytes = Math.min(bytes, maxBytes)
    },
    add(chunk) {
      passedBytes += chunk.length
      const fits = Math.min(chunk.length, maxBytes - keptBytes)
      if (fits <= 0 || !budget.take(fits)) return
      const end = keptBytes + fits
      // Always a copy: Node cuts small chunks from memory that other connections share.
      if (end > buffer.length) buffer = grown(buffer, keptBytes, roomFor(end, expectedBytes, maxBytes))
      buffer.set(fits === chunk.length ? chunk : chunk.subarray(0, fits), keptBytes)
      keptBytes = end
    },
    passedBytes: () => passedBytes,
    truncated: () => passedBytes > keptBytes,
    bytes() {
      if (buffer.length > keptBytes) buffer = buffer.slice(0, keptBytes)
      return buffer
    },
    letGo() {
      buffer = new Uint8Array()
      keptBytes = 0
      maxBytes = 0
    },
  }
}

/** Exactly what was announced, else twice as much each time, so that a byte is copied at most twice. */
function roomFor(endBytes: number, expectedBytes: number, maxBytes: number): number {
  if (endBytes <= expectedBytes) return expectedBytes
  return endBytes <= FIRST_BYTES ? endBytes : Math.min(maxBytes, endBytes * 2)
}

function grown(buffer: Uint8Array, keptBytes: number, room: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(room)
  larger.set(buffer.subarray(0, keptBytes))
  return larger
}
