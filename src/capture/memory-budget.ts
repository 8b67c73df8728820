import type { BodyArena } from './body-arena.ts'

/** Memory that exchanges under way, and pairs that wait for the disk, hold together. */
export interface MemoryBudget {
  /** Whether so many bytes more may be held; they then count. */
  take(bytes: number): boolean
  give(bytes: number): void
  /** Bytes held now, and the most there were at once. */
  heldBytes(): number
  peakBytes(): number
}

/** What one exchange holds. */
export interface ExchangeMemory extends Pick<MemoryBudget, 'take' | 'give'>, BodyArena {
  /** It was refused memory once: its pair cannot be whole. */
  refused(): boolean
  /** Gives everything back; once is enough, and nothing may be taken or used afterwards. */
  release(): void
}

/** @param maxBytes may be held at once */
export function createMemoryBudget(maxBytes: number): MemoryBudget {
  let heldBytes = 0
  let peakBytes = 0
  return {
    take(bytes) {
      if (heldBytes + bytes > maxBytes) return false
      heldBytes += bytes
      if (heldBytes > peakBytes) peakBytes = heldBytes
      return true
    },
    give(bytes) {
      heldBytes -= bytes
    },
    heldBytes: () => heldBytes,
    peakBytes: () => peakBytes,
  }
}

/** The part of a budget, and of an arena, that one exchange takes; refused once, it takes nothing more. */
export function exchangeMemory(budget: MemoryBudget, arena: BodyArena): ExchangeMemory {
  const blocks = new Set<Uint8Array>()
  let takenBytes = 0
  let refused = false
  return {
    take(bytes) {
      if (refused || !budget.take(bytes)) refused = true
      else takenBytes += bytes
      return !refused
    },
    give(bytes) {
      budget.give(bytes)
      takenBytes -= bytes
    },
    lend(bytes) {
      const block = arena.lend(bytes)
      blocks.add(block)
      return block
    },
    takeBack(block) {
      if (blocks.delete(block)) arena.takeBack(block)
    },
    refused: () => refused,
    release() {
      budget.give(takenBytes)
      takenBytes = 0
      refused = true
      for (const block of blocks) arena.takeBack(block)
      blocks.clear()
    },
  }
}
