import { utf8OfText, type BinaryText } from '../core/binary-text.ts'
import { scanJson, spliceText, stringValue, type Splice } from '../core/json.ts'
import { isToken, mayHoldToken, tokenSplices } from './compact-tokens.ts'
import type { RedactRules } from './rules.ts'
import { signatureText, valueSplice, type Substitutes } from './substitutes.ts'

/**
 * Values of JSON members that are known by name. They are found in the text and not in a tree, so that it does not
 * matter how deep a body nests, whether it is whole, several lines of JSON, part of a page, or in a string of other
 * JSON: there each quote has backslashes before it, and a string ends at a quote with as many as it began with.
 */
export function memberSplices(
  text: BinaryText,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const splices: Splice[] = []
  if (rules.members !== undefined) {
    for (const { name, literals } of namedLiterals(text, rules.members)) {
      const secret = rules.member(name)
      if (secret === undefined) continue
      for (const literal of literals) {
        if (isAnyToken(name) && !CREDENTIAL.test(literal.value)) continue
        splices.push(...literalSplice(text, literal, secret, rules, substitutes))
      }
    }
  }
  if (rules.jwkMembers !== undefined && text.includes('kty')) {
    for (const { literals } of namedLiterals(text, rules.jwkMembers)) {
      const [only] = literals
      if (only?.string === true && PRIVATE_MEMBER.test(only.value)) {
        splices.push(...literalSplice(text, only, 'private_key', rules, substitutes))
      }
    }
  }
  // Its protected header begins as that of a compact token does, which costs less to look for.
  if (rules.definition.jwt && mayHoldToken(text) && text.includes('protected')) {
    splices.push(...jwsSplices(text, substitutes))
  }
  return splices
}

/** `token` is also a word of a text, in the answers of language models. */
function isAnyToken(name: string): boolean {
  return name.toLowerCase() === 'token'
}

/** What nobody guesses, in the letters of a bearer token (RFC 6750 §2.1). */
const CREDENTIAL = /^[A-Za-z0-9._~+/=:|-]{12,}$/

/** A number of a private key is long, and the members' names are short and may mean anything. */
const PRIVATE_MEMBER = /^[A-Za-z0-9_-]{16,}$/

interface Literal {
  readonly start: number
  readonly end: number
  readonly value: string
  readonly string: boolean
  /** Backslashes before its quotes. */
  readonly nesting: number
}

function literalSplice(
  text: BinaryText,
  literal: Literal,
  name: string,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const { start, end, value, string, nesting } = literal
  // A token keeps its claims; one that is spelt with escapes is no token to whoever reads the text.
  if (isToken(value)) return escapedToken(text, literal, rules, substitutes)
  if (string) return valueSplice(substitutes, name, value, { start, end })
  const quote = `${'\\'.repeat(nesting)}"`
  return valueSplice(substitutes, name, value, { start, end }).map((splice) => ({
    ...splice,
    text: quote + splice.text + quote,
  }))
}

function escapedToken(
  text: BinaryText,
  { start, end, value }: Literal,
  { definition }: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  if (!definition.jwt || !text.slice(start, end).includes('\\')) return []
  return [{ start, end, text: spliceText(value, tokenSplices(value, substitutes)) }]
}

/** Members of these names whose value is a string, a number, or a list of strings. */
function* namedLiterals(
  text: BinaryText,
  names: RegExp,
): Generator<{ readonly name: string; readonly literals: readonly Literal[] }> {
  const finder = new RegExp(names.source, names.flags)
  for (let found = finder.exec(text); found !== null; found = finder.exec(text)) {
    const [, name = '', { length: nesting } = ''] = found
    if (backslashesBefore(text, found.index, nesting + 1) !== nesting) continue
    const colon = afterSpace(text, finder.lastIndex)
    if (text[colon] !== ':') continue
    const literals = literalsAt(text, afterSpace(text, colon + 1), nesting)
    const last = literals.at(-1)
    if (last !== undefined) finder.lastIndex = last.end
    yield { name, literals }
  }
}

function literalsAt(text: BinaryText, at: number, nesting: number): readonly Literal[] {
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

function backslashesBefore(text: BinaryText, at: number, most: number): number {
  let count = 0
  while (count < most && text[at - 1 - count] === '\\') count += 1
  return count
}

const SPACE = /[ \t\r\n]+/y
/** In a string, the white space of the JSON within is escaped. */
const ESCAPED_SPACE = /\\{1,31}[nrt]/y

/** Without a repeated group, which would run out of stack at some megabytes. */
function afterSpace(text: BinaryText, from: number): number {
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

const JWS_SIGNATURE = /"(signature)(\\*)"/g

/** The signatures of JWSs in their JSON form (RFC 7515 §7.2). */
function jwsSplices(text: BinaryText, substitutes: Substitutes): readonly Splice[] {
  return [...namedLiterals(text, JWS_SIGNATURE)].flatMap(({ literals: [only] }) => {
    if (only === undefined || !/^[A-Za-z0-9_-]{20,}$/.test(only.value)) return []
    const next = signatureText(substitutes, '', only.value)
    return next === undefined ? [] : [{ start: only.start, end: only.end, text: next }]
  })
}
