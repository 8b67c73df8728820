import type { BinaryText } from '../core/binary-text.ts'
import { afterSpace, backslashesBefore } from './json-literals.ts'

/** Which names of JSON members are looked for: a sieve that most others do not pass. */
export interface NameSieve {
  /** One at {@link endingOf} the last three letters of each name. */
  readonly endings: Uint8Array
  /** Names of one or two letters are looked for as well. */
  readonly short: boolean
}

/** A member whose name passed the sieve. */
export interface NamedMember {
  /** Without escapes. */
  readonly name: string
  /** Backslashes before its quotes. */
  readonly nesting: number
  /** Where its colon is. */
  readonly colon: number
  /** Where its value begins. */
  readonly valueAt: number
}

const ENDINGS = 32 ** 3

/** The endings of names; none of them has anything but letters at its end. */
export function endingsOf(names: Iterable<string>): Uint8Array {
  const endings = new Uint8Array(ENDINGS)
  for (const name of names) endings[endingOf(name, name.length)] = 1
  return endings
}

/** The last three letters before a place as a number below 32768, whatever their case. */
function endingOf(text: string, end: number): number {
  return (
    ((text.charCodeAt(end - 3) & 31) << 10) |
    ((text.charCodeAt(end - 2) & 31) << 5) |
    (text.charCodeAt(end - 1) & 31)
  )
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** What is longer is none of the names, be each letter of it escaped. */
const LONGEST_NAME = 320

/**
 * The next member of a name that passes. It is found by its colon, which is what a text has least of and what is found
 * fastest; the name is read from its end.
 * @param escapes whether names may be spelt with escapes
 */
export function nextMember(
  text: BinaryText,
  from: number,
  { endings, short }: NameSieve,
  escapes: boolean,
): NamedMember | undefined {
  for (let colon = text.indexOf(':', from); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    const quote = beforeSpace(text, colon, from) - 1
    if (quote <= from || text.charCodeAt(quote) !== QUOTE) continue
    const nesting =
      text.charCodeAt(quote - 1) === BACKSLASH ? backslashesBefore(text, quote, quote - from) : 0
    const end = quote - nesting
    const ends = endings[endingOf(text, end)] === 1
    if (!ends && !short && !escapes) continue
    const start = startOfName(text, end, Math.max(from, end - LONGEST_NAME))
    if (text.charCodeAt(start - 1) !== QUOTE) continue
    if (backslashesBefore(text, start - 1, nesting + 1) !== nesting) continue
    const spelt = text.slice(start, end)
    const escaped = escapes && spelt.includes('\\')
    if (!ends && !escaped && !(short && spelt.length < 3)) continue
    const name = escaped ? withoutEscapes(spelt) : spelt
    return { name, nesting, colon, valueAt: afterSpace(text, colon + 1) }
  }
  return undefined
}

function beforeSpace(text: BinaryText, colon: number, from: number): number {
  let at = colon
  while (at > from) {
    const before = text.charCodeAt(at - 1)
    if (before === QUOTE) return at
    if (isSpace(before)) at -= 1
    else if (isEscapedSpace(before) && text.charCodeAt(at - 2) === BACKSLASH) {
      at -= 1 + backslashesBefore(text, at - 1, at - 1 - from)
    } else return at
  }
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** `n`, `r` or `t`: in a string, the white space of the JSON within is escaped. */
function isEscapedSpace(code: number): boolean {
  return code === 0x6e || code === 0x72 || code === 0x74
}

function startOfName(text: BinaryText, end: number, least: number): number {
  let start = end
  while (start > least) {
    const before = text.charCodeAt(start - 1)
    if (isNameCharacter(before)) start -= 1
    else if (before === BACKSLASH && ESCAPE.test(text.slice(start, start + 5))) {
      start -= backslashesBefore(text, start, start - least)
    } else return start
  }
  return start
}

/** What follows the backslashes of an ASCII character. */
const ESCAPE = /^u00[2-7][0-9A-Fa-f]$/

function isNameCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x2d
  )
}

function withoutEscapes(name: string): string {
  return name.replaceAll(/\\+u([0-9A-Fa-f]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}
