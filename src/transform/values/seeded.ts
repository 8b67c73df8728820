import { createHmac } from 'node:crypto'

/** A stream of random numbers that is the same for the same seed and words. */
export interface SeededNumbers {
  bytes(count: number): Buffer
  /** A whole number from 0 to below `limit`, each as likely as the other; `limit` is 1 to 2^32. */
  below(limit: number): number
}

/**
 * @param words what the numbers are for, such as a step and the value it stands for
 */
export function seededNumbers(seed: string, ...words: readonly string[]): SeededNumbers {
  const label = JSON.stringify(words)
  let pool = Buffer.alloc(0)
  let block = 0
  const bytes = (count: number): Buffer => {
    while (pool.length < count) {
      pool = Buffer.concat([pool, createHmac('sha256', seed).update(`${block} ${label}`).digest()])
      block += 1
    }
    const taken = pool.subarray(0, count)
    pool = pool.subarray(count)
    return taken
  }
  const below = (limit: number): number => {
    // What does not divide evenly is drawn again, so that no number is likelier than another.
    const whole = Math.floor(0x1_0000_0000 / limit) * limit
    for (;;) {
      const drawn = bytes(4).readUInt32BE(0)
      if (drawn < whole) return drawn % limit
    }
  }
  return { bytes, below }
}
