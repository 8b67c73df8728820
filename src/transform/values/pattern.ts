import { RE2JS, RE2JSException } from 're2js'
import { textOfUtf8, utf8OfText, type BinaryText } from '../../core/binary-text.ts'
import { errorMessage, ResealError } from '../../core/errors.ts'
import type { Span } from '../message/focus.ts'

/** A user's regular expression (RE2's syntax), which takes time proportional to the text, whatever the two hold. */
export interface Pattern {
  readonly groups: number
  /** Whether it fits anywhere in a text of UTF-16. */
  test(text: string): boolean
  /** Every place it fits: the span of each group, undefined for one that took no part; group 0 is all of it. */
  matches(text: BinaryText): readonly (readonly (Span | undefined)[])[]
}

/** Longer patterns are no patterns that somebody wrote. */
export const MAX_PATTERN_LENGTH = 2000
/** Places that one pattern finds in one text. */
const MAX_MATCHES = 100_000

/** @throws ResealError TRANSFORM_INVALID when the text is no pattern of RE2 */
export function compilePattern(source: string): Pattern {
  const problem = patternProblem(source)
  if (problem !== undefined) {
    throw new ResealError('TRANSFORM_INVALID', `The regular expression ${problem.message}`, {
      hint: problem.hint,
    })
  }
  const pattern = RE2JS.compile(source)
  return {
    groups: pattern.groupCount(),
    test: (text) => pattern.matcher(text).find(),
    matches: (text) => matchesIn(pattern, text),
  }
}

/** What is wrong with a pattern, as words that follow its name. */
export function patternProblem(
  source: string,
): { readonly message: string; readonly hint: string } | undefined {
  if (source.length > MAX_PATTERN_LENGTH) {
    return { message: `is longer than ${MAX_PATTERN_LENGTH} characters`, hint: 'Write a shorter one.' }
  }
  try {
    RE2JS.compile(source)
    return undefined
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const hint = 'The syntax is that of RE2: groups and classes, but no look-around and no back-references.'
    return { message: `is not one: ${errorMessage(error).replace(/^error parsing regexp: /, '')}`, hint }
  }
}

function matchesIn(pattern: RE2JS, text: BinaryText): readonly (readonly (Span | undefined)[])[] {
  const { characters, offsetOf } = asCharacters(text)
  const matcher = pattern.matcher(characters)
  const groups = pattern.groupCount()
  const found: (Span | undefined)[][] = []
  while (found.length < MAX_MATCHES && matcher.find()) {
    found.push(
      Array.from({ length: groups + 1 }, (_, group) => {
        const start = matcher.start(group)
        return start < 0 ? undefined : { start: offsetOf(start), end: offsetOf(matcher.end(group)) }
      }),
    )
  }
  return found
}

interface Characters {
  readonly characters: string
  /** The byte offset of a character; asked in ascending order. */
  offsetOf(index: number): number
}

/** Patterns are written in characters. A text that is no UTF-8 is searched byte by byte. */
function asCharacters(text: BinaryText): Characters {
  const characters = utf8OfText(text)
  if (characters.length === text.length || textOfUtf8(characters) !== text) {
    return { characters: text, offsetOf: (index) => index }
  }
  let known = { index: 0, offset: 0 }
  const offsetOf = (index: number): number => {
    const from = index < known.index ? { index: 0, offset: 0 } : known
    const offset = from.offset + Buffer.byteLength(characters.slice(from.index, index), 'utf8')
    known = { index, offset }
    return offset
  }
  return { characters, offsetOf }
}
