import { bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import { escapedJson } from '../message/codecs.ts'
import { FORM_TEXT, URL_TEXT } from '../message/percent-codec.ts'
import { createWordIndex } from './word-index.ts'

/** Writes a value as it stands in a text of some form. */
export type Spelling = (value: BinaryText) => BinaryText

/** How a value may be written in a message: as it is, in a URL, a form, JSON, or whole in base64. */
export const SPELLINGS = {
  plain: (value) => value,
  url: URL_TEXT.encode,
  form: FORM_TEXT.encode,
  json: escapedJson,
  base64: (value) => bytesOfText(value).toString('base64'),
  unpadded: (value) => bytesOfText(value).toString('base64').replaceAll('=', ''),
  base64url: (value) => bytesOfText(value).toString('base64url'),
} as const satisfies Readonly<Record<string, Spelling>>

/** Values that are looked for in texts, in each spelling they may have. */
export interface SpeltValues {
  readonly size: number
  /** @returns false for a value too short, or without a letter or digit, to be told from others */
  add(value: BinaryText): boolean
  delete(value: BinaryText): void
  /**
   * The text with another value in place of each that stands in it, spelt alike.
   * @param own how the text spells what need not be spelt in a way of its own
   * @param swap gives what to put, or undefined to leave the value
   */
  replace(text: BinaryText, own: Spelling, swap: (value: BinaryText) => BinaryText | undefined): BinaryText
  isIn(text: BinaryText): boolean
}

/** Shorter values stand everywhere by chance. */
const SHORTEST = 3

export function createSpeltValues(): SpeltValues {
  const known = new Set<BinaryText>()
  const index = createWordIndex<{ readonly value: BinaryText; readonly spelling: Spelling }>()
  return {
    get size() {
      return known.size
    },
    add: (value) => {
      if (known.has(value)) return true
      if (value.length < SHORTEST || !index.add(value, { value, spelling: SPELLINGS.plain })) return false
      known.add(value)
      // The first of equal spellings is the one that is meant.
      const spelt = new Map(
        Object.values(SPELLINGS)
          .toReversed()
          .map((spelling) => [spelling(value), spelling]),
      )
      spelt.delete(value)
      for (const [text, spelling] of spelt) index.add(text, { value, spelling })
      return true
    },
    delete: (value) => {
      if (!known.delete(value)) return
      for (const spelling of Object.values(SPELLINGS)) index.delete(spelling(value))
    },
    replace: (text, own, swap) => {
      let [done, result] = [0, '']
      for (const { start, end, meaning } of index.find(text)) {
        const { value, spelling } = meaning
        const next = swap(value)
        if (next === undefined) continue
        result += text.slice(done, start) + (spelling === SPELLINGS.plain ? own : spelling)(next)
        done = end
      }
      return done === 0 ? text : result + text.slice(done)
    },
    isIn: (text) => index.find(text).length > 0,
  }
}
