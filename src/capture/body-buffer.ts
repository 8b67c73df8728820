/** A body as it passes, kept up to a limit. */
export interface BodyBuffer {
  /** Copies what still fits; the chunk stays its owner's. */
  add(chunk: Uint8Array): void
  /** How many bytes passed, kept or not. */
  passedBytes(): number
  /** Some bytes passed that were not kept. */
  truncated(): boolean
  /** What was kept. */
  bytes(): Uint8Array
}

/** @param maxBytes of the body's beginning are kept */
export function createBodyBuffer(maxBytes: number): BodyBuffer {
  let chunks: Uint8Array[] = []
  let keptBytes = 0
  let passedBytes = 0
  return {
    add(chunk) {
      passedBytes += chunk.length
      const room = maxBytes - keptBytes
      if (room <= 0 || chunk.length === 0) return
      // Always a copy: Node cuts small chunks from memory that other connections share.
      const kept = new Uint8Array(Math.min(chunk.length, room))
      kept.set(chunk.subarray(0, room))
      chunks.push(kept)
      keptBytes += kept.length
    },
    passedBytes: () => passedBytes,
    truncated: () => passedBytes > keptBytes,
    bytes() {
      const [only] = chunks
      const whole = chunks.length === 1 && only !== undefined ? only : joined(chunks, keptBytes)
      chunks = [whole]
      return whole
    },
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
