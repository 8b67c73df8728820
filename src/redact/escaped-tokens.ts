import type { BinaryText } from '../core/binary-text.ts'
import type { Splice } from '../core/json.ts'
import { mayHoldToken, tokenSplices } from './compact-tokens.ts'
import type { Substitutes } from './substitutes.ts'

/** A letter of a compact token that JSON need not escape, and that hardly anybody does. */
const ESCAPED = /\\u00(?:2[DdEe]|3\d|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9Aa])/g
/** The same at a place, with the backslashes of the strings around it. */
const ESCAPED_HERE = /\\{1,31}u00(2[DdEe]|3\d|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9Aa])/y
const PLAIN = /[A-Za-z0-9_.-]/
/** A token is not longer. */
const LONGEST_RUN = 1024 * 1024

/** Whether letters of names or tokens are spelt with escapes anywhere. */
export function mayHoldEscapes(text: BinaryText): boolean {
  ESCAPED.lastIndex = 0
  return text.includes(String.raw`\u00`) && ESCAPED.test(text)
}

/** Letters of a token as they are meant, and where each is written. */
interface Run {
  readonly letters: string
  /** One more than letters: where the run ends. */
  readonly places: readonly number[]
}

/** Signatures of tokens that JSON escapes hide, such as `eyJ…\u002eeyJ…`. */
export function escapedTokenSplices(text: BinaryText, substitutes: Substitutes): readonly Splice[] {
  if (!mayHoldEscapes(text)) return []
  const splices: Splice[] = []
  let done = 0
  const finder = new RegExp(ESCAPED)
  finder.lastIndex = 0
  for (let found = finder.exec(text); found !== null; found = finder.exec(text)) {
    const { letters, places } = runAround(text, found.index, done)
    done = places.at(-1) ?? finder.lastIndex
    finder.lastIndex = Math.max(done, finder.lastIndex)
    if (!mayHoldToken(letters)) continue
    for (const splice of tokenSplices(letters, substitutes)) {
      splices.push({ ...splice, start: places[splice.start] ?? done, end: places[splice.end] ?? done })
    }
  }
  return splices
}

function runAround(text: BinaryText, escape: number, least: number): Run {
  let at = escape
  while (at > least && text[at - 1] === '\\') at -= 1
  while (at > least && escape - at < LONGEST_RUN && PLAIN.test(text[at - 1] ?? '')) at -= 1
  const letters: string[] = []
  const places: number[] = []
  for (; letters.length < LONGEST_RUN;) {
    const letter = letterAt(text, at)
    if (letter === undefined) break
    letters.push(letter.meant)
    places.push(at)
    at += letter.length
  }
  places.push(at)
  return { letters: letters.join(''), places }
}

function letterAt(
  text: BinaryText,
  at: number,
): { readonly meant: string; readonly length: number } | undefined {
  const letter = text[at] ?? ''
  if (PLAIN.test(letter)) return { meant: letter, length: 1 }
  ESCAPED_HERE.lastIndex = at
  const [spelt, hex] = (letter === '\\' && ESCAPED_HERE.exec(text)) || []
  return spelt === undefined || hex === undefined
    ? undefined
    : { meant: String.fromCharCode(parseInt(hex, 16)), length: spelt.length }
}
