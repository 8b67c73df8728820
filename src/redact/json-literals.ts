import { utf8OfText, type BinaryText } from '../core/binary-text.ts'
import { scanJson, stringValue } from '../core/json.ts'

/** A JSON string or number found in a text; in JSON within a string, each quote has backslashes before it. */
export interface Literal {
  readonly start: number
  readonly end: number
  /** Without the escapes of any level. */
  readonly value: string
  readonly string: boolean
  /** Backslashes before its quotes. */
  readonly nesting: number
}

/** The value at a place of the text: a string, a number, or the strings and numbers that begin a list. */
export function literalsAt(text: BinaryText, at: number, nesting: number): readonly Literal[] {
  if (text[at] !== '[') {
    const only = literalAt(text, at, nesting)
    return only === undefined ? [] : [only]
  }
  const items: Literal[] = []
  for (let next = afterSpace(text, at + 1); ;) {
    const item = literalAt(text, next, nesting)
    if (item === undefined) return items
    items.push(item)
    const comma = afterSpace(text, item.string ? item.end + nesting + 1 : item.end)
    if (text[comma] !== ',') return items
    next = afterSpace(text, comma + 1)
  }
}

const NUMBER = /-?\d[\d.eE+-]*/y

function literalAt(text: BinaryText, at: number, nesting: number): Literal | undefined {
  NUMBER.lastIndex = at
  const number = NUMBER.exec(text)?.[0]
  if (number !== undefined) {
    return { start: at, end: at + number.length, value: number, string: false, nesting }
  }
  const start = at + nesting + 1
  if (text.slice(at, start) !== `${'\\'.repeat(nesting)}"`) return undefined
  const end = endOfString(text, start, nesting)
  return { start, end, value: unescaped(text.slice(start, end), nesting), string: true, nesting }
}

/** A string that was cut off ends where the text does. */
function endOfString(text: BinaryText, start: number, nesting: number): number {
  for (let quote = text.indexOf('"', start); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    const run = backslashesBefore(text, quote, quote - start)
    if (run % (2 * (nesting + 1)) === nesting) return quote - nesting
  }
  return text.length
}

/** How many backslashes end at a place, counted up to a limit. */
export function backslashesBefore(text: BinaryText, at: number, most: number): number {
  let count = 0
  while (count < most && text.charCodeAt(at - 1 - count) === BACKSLASH) count += 1
  return count
}

const BACKSLASH = 0x5c
const SPACE = /[ \t\r\n]+/y
/** In a string, the white space of the JSON within is escaped. */
const ESCAPED_SPACE = /\\{1,31}[nrt]/y

/** Where white space that begins here ends. Without a repeated group, which would run out of stack at some megabytes. */
export function afterSpace(text: BinaryText, from: number): number {
  let at = from
  for (;;) {
    const pattern = text[at] === '\\' ? ESCAPED_SPACE : SPACE
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined) return at
    at += found.length
  }
}

/** Undoes the escapes of one level; each level around it has doubled the backslashes. */
function unescaped(inner: BinaryText, nesting: number): string {
  let value = inner
  for (let left = nesting; left >= 0 && value.includes('\\'); left = (left - 1) / 2) {
    const literal = `"${value}"`
    if (scanJson(literal) === undefined) return utf8OfText(value)
    value = stringValue(literal, { kind: 'string', start: 0, end: literal.length }) ?? value
    if (left === 0) break
  }
  return utf8OfText(value)
}
