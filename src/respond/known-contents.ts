import { wordOfText } from '../core/binary-text.ts'

/** Which entry was found for a content, by numbers only: some 32 bytes each. */
export interface KnownContents {
  /**
   * -1 where it is not known.
   * @param head stands for all else of the request that counts
   * @param digest SHA-256 of the content, a character each byte; its first half counts
   */
  find(head: number, digest: string): number
  /** Remembers one that was not known. */
  keep(head: number, digest: string, entry: number): void
}

/** How many contents are remembered; then all are forgotten, so that keeping order costs nothing. */
export const MOST_CONTENTS = 131_072
const FEWEST = 1024
/** Four words of the digest, head, entry. */
const WORDS = 6

/** Open addressing, at most half full; it grows with what it holds. */
export function createKnownContents(): KnownContents {
  let room = FEWEST
  let records = new Int32Array(room * WORDS)
  /** Records by number, from 1; 0 is free. */
  let slots = new Int32Array(room * 2)
  let count = 0

  const slotOf = (head: number, a: number, b: number, c: number, d: number): number => {
    const mask = slots.length - 1
    let slot = (a ^ Math.imul(head, SPREAD)) & mask
    for (;;) {
      const record = slots[slot] ?? 0
      if (record === 0) return slot
      const at = (record - 1) * WORDS
      const same =
        records[at] === a && records[at + 1] === b && records[at + 2] === c && records[at + 3] === d
      if (same && records[at + 4] === head) return slot
      slot = (slot + 1) & mask
    }
  }
  const slotFor = (head: number, digest: string): number =>
    slotOf(head, wordOfText(digest, 0), wordOfText(digest, 4), wordOfText(digest, 8), wordOfText(digest, 12))

  const makeRoom = (): void => {
    const full = room === MOST_CONTENTS
    const before = full ? new Int32Array(0) : records
    room = full ? FEWEST : room * 2
    records = new Int32Array(room * WORDS)
    records.set(before)
    slots = new Int32Array(room * 2)
    count = before.length / WORDS
    for (let record = 1; record <= count; record += 1) {
      const [a = 0, b = 0, c = 0, d = 0, head = 0] = records.subarray((record - 1) * WORDS, record * WORDS)
      slots[slotOf(head, a, b, c, d)] = record
    }
  }
  return {
    find: (head, digest) => {
      const record = slots[slotFor(head, digest)] ?? 0
      return record === 0 ? -1 : (records[record * WORDS - 1] ?? -1)
    },
    keep: (head, digest, entry) => {
      if (count === room) makeRoom()
      const at = count * WORDS
      for (let word = 0; word < 4; word += 1) records[at + word] = wordOfText(digest, word * 4)
      records[at + 4] = head
      records[at + 5] = entry
      count += 1
      slots[slotFor(head, digest)] = count
    },
  }
}

/** An odd number that spreads small ones over 32 bits: the golden ratio of 2³². */
const SPREAD = 0x9e3779b1
