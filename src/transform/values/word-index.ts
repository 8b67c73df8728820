import type { BinaryText } from '../../core/binary-text.ts'

/** Texts that are looked for in other texts, where they stand as words of their own. */
export interface WordIndex<T> {
  readonly size: number
  /** @returns false for a text without a letter or digit, which is not looked for */
  add(text: BinaryText, meaning: T): boolean
  delete(text: BinaryText): void
  /** Where they stand, in order, never overlapping; of several that begin alike the longest. */
  find(text: BinaryText): readonly FoundWord<T>[]
}

export interface FoundWord<T> {
  readonly start: number
  readonly end: number
  readonly meaning: T
}

interface Entry<T> {
  readonly text: BinaryText
  readonly meaning: T
  /** Where its first word begins. */
  readonly lead: number
}

const WORD = /[A-Za-z0-9_-]+/g

/** An index by first words: a text costs one look-up for each of its words, however many are looked for. */
export function createWordIndex<T>(): WordIndex<T> {
  const byWord = new Map<string, readonly Entry<T>[]>()
  let size = 0
  const remove = (text: BinaryText, word: string): readonly Entry<T>[] => {
    const known = byWord.get(word) ?? []
    const others = known.filter((entry) => entry.text !== text)
    size -= known.length - others.length
    return others
  }
  return {
    get size() {
      return size
    },
    add: (text, meaning) => {
      const word = text.match(WORD)?.[0]
      if (word === undefined) return false
      const entry = { text, meaning, lead: text.indexOf(word) }
      const all = [...remove(text, word), entry]
      byWord.set(
        word,
        all.toSorted((a, b) => b.text.length - a.text.length),
      )
      size += 1
      return true
    },
    delete: (text) => {
      const word = text.match(WORD)?.[0]
      if (word === undefined) return
      const others = remove(text, word)
      if (others.length === 0) byWord.delete(word)
      else byWord.set(word, others)
    },
    find: (text) => (size === 0 ? [] : findAll(text, byWord)),
  }
}

function findAll<T>(
  text: BinaryText,
  byWord: ReadonlyMap<string, readonly Entry<T>[]>,
): readonly FoundWord<T>[] {
  const found: FoundWord<T>[] = []
  let done = 0
  for (const { index, 0: word } of text.matchAll(WORD)) {
    for (const entry of byWord.get(word) ?? []) {
      const start = index - entry.lead
      const end = start + entry.text.length
      if (start < done || !text.startsWith(entry.text, start) || !isWhole(text, start, end)) continue
      found.push({ start, end, meaning: entry.meaning })
      done = end
      break
    }
  }
  return found
}

/** The text does not go on as a word on either side. */
function isWhole(text: BinaryText, start: number, end: number): boolean {
  return !(isWord(text, start) && isWord(text, start - 1)) && !(isWord(text, end - 1) && isWord(text, end))
}

function isWord(text: BinaryText, at: number): boolean {
  return /[A-Za-z0-9_-]/.test(text[at] ?? '')
}
