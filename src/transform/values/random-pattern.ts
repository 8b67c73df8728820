import type { SeededNumbers } from './seeded.ts'

/** One run of characters of a pattern: from these, so many. */
interface PatternRun {
  readonly alphabet: string
  readonly least: number
  readonly most: number
}

/** A pattern that texts are made from, such as `user_[0-9]{6}`; undefined where the text is none. */
export function readRandomPattern(text: string): ((numbers: SeededNumbers) => string) | undefined {
  const runs: PatternRun[] = []
  let at = 0
  while (at < text.length) {
    PIECE.lastIndex = at
    const found = PIECE.exec(text)
    if (found === null) return undefined
    const [all, set, shorthand, escaped, plain, least, most] = found
    const alphabet = set === undefined ? alphabetOf(shorthand, escaped ?? plain ?? '') : expand(set)
    const count = least === undefined ? 1 : Number(least)
    const upTo = most === undefined || most === '' ? count : Number(most)
    if (alphabet === undefined || alphabet === '' || upTo < count || upTo > MAX_REPEAT) return undefined
    runs.push({ alphabet, least: count, most: upTo })
    at += all.length
  }
  return (numbers) => runs.map((run) => written(run, numbers)).join('')
}

const MAX_REPEAT = 1000

/** A class, \d or \w, an escaped character or a plain one, each with {n} or {n,m} behind it or not. */
const PIECE = /(?:\[([^\]\\^]+)\]|\\([dw])|\\(.)|([^\\[\](){}*+?|^$.]))(?:\{(\d{1,4})(?:,(\d{1,4}))?\})?/sy

function alphabetOf(shorthand: string | undefined, character: string): string | undefined {
  if (shorthand === 'd') return expand('0-9')
  return shorthand === 'w' ? expand('A-Za-z0-9_') : character
}

function expand(set: string): string | undefined {
  let alphabet = ''
  for (let at = 0; at < set.length; at += 1) {
    const first = set.codePointAt(at) ?? 0
    const isRange = set[at + 1] === '-' && at + 2 < set.length
    const last = isRange ? (set.codePointAt(at + 2) ?? 0) : first
    if (last < first || last - first > 1000) return undefined
    for (let code = first; code <= last; code += 1) alphabet += String.fromCodePoint(code)
    if (isRange) at += 2
  }
  return alphabet
}

function written({ alphabet, least, most }: PatternRun, numbers: SeededNumbers): string {
  const length = least + (most > least ? numbers.below(most - least + 1) : 0)
  return Array.from(
    { length },
    () => alphabet[alphabet.length === 1 ? 0 : numbers.below(alphabet.length)],
  ).join('')
}
