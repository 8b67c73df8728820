import type { BinaryText } from '../core/binary-text.ts'
import { spliceText, type Splice } from '../core/json.ts'
import { isToken, mayHoldToken, tokenSplices } from './compact-tokens.ts'
import type { RedactRules } from './rules.ts'
import { valueSplice, type Substitutes } from './substitutes.ts'

/**
 * Values of a query or form (`a=1&b=2`) that are known by name, and tokens that percent-encoding hides.
 * @param from where in the text it begins
 * @param to where it ends
 */
export function parameterSplices(
  text: BinaryText,
  where: 'query' | 'field',
  rules: RedactRules,
  substitutes: Substitutes,
  from = 0,
  to = text.length,
): readonly Splice[] {
  const splices: Splice[] = []
  for (let start = from; start < to;) {
    const ampersand = text.indexOf('&', start)
    const end = ampersand === -1 || ampersand > to ? to : ampersand
    const equals = text.slice(start, end).indexOf('=')
    if (equals !== -1) {
      const place = { start: start + equals + 1, end }
      splices.push(
        ...parameterSplice(text, text.slice(start, start + equals), place, where, rules, substitutes),
      )
    }
    start = end + 1
  }
  return splices
}

function parameterSplice(
  text: BinaryText,
  name: string,
  place: { readonly start: number; readonly end: number },
  where: 'query' | 'field',
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const secret = rules.parameter(where, decoded(name))
  const raw = text.slice(place.start, place.end)
  const escaped = raw.includes('%')
  if (secret === undefined && !escaped) return []
  const value = decoded(raw)
  if (secret !== undefined && !isToken(value)) return valueSplice(substitutes, secret, value, place)
  if (!escaped || !rules.definition.jwt || !mayHoldToken(value)) return []
  const hidden = tokenSplices(value, substitutes)
  return hidden.length === 0 ? [] : [{ ...place, text: encodeURIComponent(spliceText(value, hidden)) }]
}

/** `;` ends a URL in `Link` and `Refresh`. */
const URL_QUERY = /[?#][^\s<>";,]*/g

/** The parameters of every URL in a text, those behind `#` included (OAuth's implicit flow answers there). */
export function urlSplices(
  text: BinaryText,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const splices: Splice[] = []
  for (const { index, 0: query } of text.matchAll(URL_QUERY)) {
    let from = index + 1
    for (const part of query.slice(1).split(/[?#]/)) {
      splices.push(...parameterSplices(text, 'query', rules, substitutes, from, from + part.length))
      from += part.length + 1
    }
  }
  return splices
}

function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not UTF-8 behind the escapes: taken as written.
    return spaced
  }
}
