import type { BinaryText } from '../core/binary-text.ts'
import { decodedString, jsonOf, MAX_JSON_NODES } from '../core/json.ts'
import { afterByteOrderMark, lexable, numberEnd, spaceEnd, stringEnd, wordEnd } from '../core/json-lexemes.ts'
import { further, NOWHERE, type PatternPlaces } from './json-pattern.ts'

/** What of a JSON text does not count. */
export interface JsonLeniency {
  /** Places that are left out. */
  readonly ignored: PatternPlaces
  /** What stands for a string or number of this value, undefined for itself; left out where nothing stands for any. */
  readonly standIn?: ((value: string) => string | undefined) | undefined
}

const STRICT: JsonLeniency = { ignored: NOWHERE }

/**
 * A JSON text in one spelling: members sorted by name, no white space, escapes only where a string needs them. Numbers
 * stay as written, so that no digit is lost: 1, 1.0 and 1e0 differ. Repeated names stay, in their order, and so do
 * bytes that are no UTF-8.
 * @returns undefined when the text is not exactly one JSON value, nests deeper than `maxDepth`, or holds more than
 *   {@link MAX_JSON_NODES}
 */
export function canonicalJson(
  text: BinaryText,
  maxDepth: number,
  { ignored, standIn }: JsonLeniency = STRICT,
): string | undefined {
  const bytes = lexable(text)
  const reading: Reading = {
    text,
    bytes,
    maxDepth,
    standIn,
    at: spaceEnd(bytes, afterByteOrderMark(text)),
    nodes: 0,
    changes: 0,
    backslash: text.indexOf('\\'),
  }
  const canonical = value(reading, ignored, 0)
  return canonical !== undefined && spaceEnd(bytes, reading.at) === text.length ? canonical : undefined
}

/** One pass over a text, which is read and written again at once. */
interface Reading {
  readonly text: BinaryText
  readonly bytes: Uint8Array
  readonly maxDepth: number
  readonly standIn: JsonLeniency['standIn']
  at: number
  nodes: number
  /** How often the text was left so far. What is read without a change is a part of it and need not be put together. */
  changes: number
  /** The first backslash at or behind the last string; -1 for none. */
  backslash: number
}

const [COMMA, COLON, BRACKET, BRACE, QUOTE, SPACE] = [44, 58, 91, 123, 34, 32]

function value(reading: Reading, places: PatternPlaces, depth: number): string | undefined {
  const { bytes, at } = reading
  reading.nodes += 1
  if (reading.nodes > MAX_JSON_NODES) return undefined
  switch (bytes[at]) {
    case BRACE:
      return object(reading, places, depth)
    case BRACKET:
      return array(reading, places, depth)
    case QUOTE: {
      const written = string(reading)
      return reading.standIn === undefined ? written : stoodFor(reading, written, decodedString)
    }
    default: {
      const word = wordEnd(bytes, at)
      if (word !== -1) return lexeme(reading, word)
      const written = lexeme(reading, numberEnd(bytes, at))
      return reading.standIn === undefined ? written : stoodFor(reading, written, (number) => number)
    }
  }
}

interface Member {
  /** As a literal in its one spelling. */
  readonly name: string
  /** Name and value. */
  readonly written: string
}

function object(reading: Reading, places: PatternPlaces, depth: number): string | undefined {
  const { text, at: start, changes } = reading
  const members: Member[] = []
  let isSorted = true
  let more = opened(reading, BRACE, depth)
  while (more === true) {
    const { at: memberStart, changes: before } = reading
    const name = memberName(reading)
    if (name === undefined) return undefined
    const below = places.length === 0 ? places : further(places, decodedString(name))
    const written = value(reading, below ?? NOWHERE, depth + 1)
    if (written === undefined) return undefined
    if (below === undefined) reading.changes += 1
    else {
      const last = members.at(-1)
      if (last !== undefined && name <= last.name) isSorted = false
      const asIs = reading.changes === before
      members.push({ name, written: asIs ? text.slice(memberStart, reading.at) : `${name}:${written}` })
    }
    more = goesOn(reading, BRACE)
  }
  if (more === undefined) return undefined
  if (!isSorted) reading.changes += 1
  if (reading.changes === changes) return text.slice(start, reading.at)
  return `{${listOf(isSorted ? members : members.toSorted(byName))}}`
}

function array(reading: Reading, places: PatternPlaces, depth: number): string | undefined {
  const { text, at: start, changes } = reading
  const items: string[] = []
  let more = opened(reading, BRACKET, depth)
  for (let index = 0; more === true; index += 1) {
    const below = places.length === 0 ? places : further(places, String(index))
    const written = value(reading, below ?? NOWHERE, depth + 1)
    if (written === undefined) return undefined
    if (below === undefined) reading.changes += 1
    else items.push(written)
    more = goesOn(reading, BRACKET)
  }
  if (more === undefined) return undefined
  return reading.changes === changes ? text.slice(start, reading.at) : `[${items.join(',')}]`
}

/** Goes into an object or array. True where something is in it, undefined where that would be too deep. */
function opened(reading: Reading, bracket: number, depth: number): boolean | undefined {
  reading.at += 1
  space(reading)
  if (reading.bytes[reading.at] !== closing(bracket)) return depth < reading.maxDepth || undefined
  reading.at += 1
  return false
}

/** Goes behind what follows a member or item: true where another one comes, undefined for no JSON. */
function goesOn(reading: Reading, bracket: number): boolean | undefined {
  space(reading)
  const next = reading.bytes[reading.at]
  reading.at += 1
  if (next !== COMMA) return next === closing(bracket) ? false : undefined
  space(reading)
  return true
}

/** `{` and `}`, `[` and `]` are two apart. */
function closing(bracket: number): number {
  return bracket + 2
}

/** A member's name as a literal; what is read next is its value. */
function memberName(reading: Reading): string | undefined {
  const name = string(reading)
  if (name === undefined) return undefined
  space(reading)
  if (reading.bytes[reading.at] !== COLON) return undefined
  reading.at += 1
  space(reading)
  return name
}

function string(reading: Reading): string | undefined {
  const { at: start, text, bytes } = reading
  const written = lexeme(reading, stringEnd(bytes, start))
  if (reading.backslash !== -1 && reading.backslash < start) reading.backslash = text.indexOf('\\', start)
  if (written === undefined || reading.backslash === -1 || reading.backslash >= reading.at) return written
  const spelt = written.replaceAll(ESCAPE, speltEscape)
  if (spelt !== written) reading.changes += 1
  return spelt
}

/** Two that are one character beyond the BMP; one alone. */
const ESCAPE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[^u]/g

function speltEscape(escape: string): string {
  // Of the short ones only this is not needed.
  if (escape.length === 2) return escape === '\\/' ? '/' : escape
  return jsonOf(decodedString(`"${escape}"`)).slice(1, -1)
}

function stoodFor(
  reading: Reading,
  written: string | undefined,
  valueOf: (written: string) => string,
): string | undefined {
  const other = written === undefined ? undefined : reading.standIn?.(valueOf(written))
  if (other === undefined) return written
  reading.changes += 1
  return other
}

/** What is in the text up to an offset; undefined for -1. */
function lexeme(reading: Reading, end: number): string | undefined {
  if (end === -1) return undefined
  const written = reading.text.slice(reading.at, end)
  reading.at = end
  return written
}

function space(reading: Reading): void {
  // Most texts have none, and everything else is above it.
  if ((reading.bytes[reading.at] ?? 0) > SPACE) return
  const end = spaceEnd(reading.bytes, reading.at)
  if (end !== reading.at) reading.changes += 1
  reading.at = end
}

/** Sorting is stable, so repeated names keep their order, which is what they differ by. */
function byName({ name: a }: Member, { name: b }: Member): number {
  if (a < b) return -1
  return a > b ? 1 : 0
}

function listOf(members: readonly Member[]): string {
  let list = ''
  for (const { written } of members) list += list === '' ? written : `,${written}`
  return list
}
