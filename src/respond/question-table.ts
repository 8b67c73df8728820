import { KEY_WORDS } from '../core/asked-columns.ts'
import { wordOfText } from '../core/binary-text.ts'
import type { Sliced } from '../core/sliced.ts'
import type { QuestionKey } from '../match/question-key.ts'

/** Which entries asked the same, by the key of the question. Holds numbers only: about 30 bytes an entry. */
export interface QuestionTable {
  /** The first entry with this key; -1 when there is none. */
  first(key: QuestionKey): number
  /** The next entry with the same key as this one; -1 after the last. */
  next(entry: number): number
}

/**
 * Links entries by their keys: open addressing, at most half full. Keys are digests already, so their first word is
 * as good a hash as any.
 * @param all of the entries 0, 1, 2 … one behind the other, {@link KEY_WORDS} words each
 */
export function* questionTable(all: Uint32Array): Sliced<QuestionTable> {
  // Signed, as words of a text are read.
  const keys = new Int32Array(all.buffer, all.byteOffset, all.length)
  const entries = keys.length / KEY_WORDS
  const mask = slotsFor(entries) - 1
  const heads = new Int32Array(mask + 1).fill(-1)
  const following = new Int32Array(entries).fill(-1)

  const slotOf = (a: number, b: number, c: number, d: number): number => {
    let slot = a & mask
    for (;;) {
      const entry = heads[slot] ?? -1
      if (entry === -1) return slot
      const at = entry * KEY_WORDS
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot
      slot = (slot + 1) & mask
    }
  }

  // From the last to the first, so that each new one goes to the front and no end has to be known.
  for (let entry = entries - 1; entry >= 0; entry -= 1) {
    const at = entry * KEY_WORDS
    const slot = slotOf(keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0, keys[at + 3] ?? 0)
    following[entry] = heads[slot] ?? -1
    heads[slot] = entry
    if (entry % ENTRIES_AT_ONCE === 0) yield
  }
  return {
    first: (key) =>
      heads[slotOf(wordOfText(key, 0), wordOfText(key, 4), wordOfText(key, 8), wordOfText(key, 12))] ?? -1,
    next: (entry) => following[entry] ?? -1,
  }
}

/** As many as take a millisecond at most, where memory is slow. */
const ENTRIES_AT_ONCE = 4096

function slotsFor(entries: number): number {
  let slots = 16
  while (slots < entries * 2) slots *= 2
  return slots
}
