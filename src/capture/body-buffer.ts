import type { ExchangeMemory } from './memory-budget.ts'

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
  /** What was kept, in one piece; it is valid until its exchange gives its memory back. */
  bytes(): Uint8Array
  /** Frees what was kept; nothing more is. */
  letGo(): void
}

/** A longer body is of no use for a replay: so much of it tells what it was, and the rest is not worth the memory. */
const BEGINNING_BYTES = 1024 * 1024
/** Blocks grow up to here: to double a large buffer would hold it twice. */
const MAX_BLOCK_BYTES = 1024 * 1024

/**
 * @param wholeBytes a body of so many bytes is kept whole; of a longer one the first 1 MiB, or `wholeBytes` if fewer
 * @param memory counts what is kept, may refuse more, and lends the blocks to keep it in
 */
export function createBodyBuffer(
  wholeBytes: number,
  memory: Pick<ExchangeMemory, 'take' | 'give' | 'lend' | 'takeBack'>,
): BodyBuffer {
  let maxBytes = wholeBytes
  let blocks: Uint8Array[] = []
  let roomBytes = 0
  let keptBytes = 0
  let passedBytes = 0
  let expectedBytes = 0

  /** Makes one block of all. */
  const join = (bytes: number): Uint8Array => {
    const whole = memory.lend(bytes)
    let at = 0
    for (const block of blocks) {
      whole.set(block.subarray(0, bytes - at), at)
      at += Math.min(block.length, bytes - at)
      memory.takeBack(block)
    }
    blocks = [whole]
    keptBytes = bytes
    roomBytes = bytes
    return whole
  }
  const keepBeginning = (): void => {
    maxBytes = Math.min(maxBytes, BEGINNING_BYTES)
    if (keptBytes <= maxBytes) return
    memory.give(keptBytes - maxBytes)
    join(maxBytes)
  }
  /** Exactly what was announced; else as much again as there is. */
  const addRoom = (neededBytes: number): void => {
    const wanted =
      expectedBytes > keptBytes ? expectedBytes - keptBytes : Math.min(keptBytes, MAX_BLOCK_BYTES)
    const block = memory.lend(Math.min(Math.max(wanted, neededBytes), maxBytes - roomBytes))
    blocks.push(block)
    roomBytes += block.length
  }
  // Always a copy: Node cuts small chunks from memory that other connections share.
  const keep = (bytes: Uint8Array): void => {
    let rest = bytes
    while (rest.length > 0) {
      if (keptBytes === roomBytes) addRoom(rest.length)
      const block = blocks.at(-1) ?? NOTHING
      const at = block.length - (roomBytes - keptBytes)
      const fits = rest.subarray(0, roomBytes - keptBytes)
      block.set(fits, at)
      keptBytes += fits.length
      rest = rest.subarray(fits.length)
    }
  }

  return {
    expect(bytes) {
      if (bytes > wholeBytes) keepBeginning()
      expectedBytes = Math.min(bytes, maxBytes)
    },
    add(chunk) {
      passedBytes += chunk.length
      if (passedBytes > wholeBytes) keepBeginning()
      const fits = Math.min(chunk.length, maxBytes - keptBytes)
      if (fits > 0 && memory.take(fits)) keep(fits === chunk.length ? chunk : chunk.subarray(0, fits))
    },
    passedBytes: () => passedBytes,
    truncated: () => passedBytes > keptBytes,
    bytes() {
      const [only] = blocks
      if (only === undefined) return NOTHING
      return blocks.length === 1 ? only.subarray(0, keptBytes) : join(keptBytes)
    },
    letGo() {
      for (const block of blocks) memory.takeBack(block)
      blocks = []
      roomBytes = 0
      keptBytes = 0
      maxBytes = 0
    },
  }
}

const NOTHING = new Uint8Array()
