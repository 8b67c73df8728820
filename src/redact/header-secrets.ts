import type { RawHeaders } from '../core/headers.ts'
import { spliceText, type Splice } from '../core/json.ts'
import { isToken } from './compact-tokens.ts'
import { urlSplices } from './parameters.ts'
import type { RedactRules } from './rules.ts'
import { apart, basicSplice, valueSplice, type Substitutes } from './substitutes.ts'
import { textSplices } from './text-secrets.ts'

/**
 * Header or trailer fields without their secrets; names, order and attributes of cookies stay.
 * @param at told of the field that is being searched
 * @returns the same list when there is none
 */
export function redactFields(
  fields: RawHeaders,
  rules: RedactRules,
  substitutes: Substitutes,
  at: (name: string) => void = () => {},
): RawHeaders {
  let changed: (readonly [string, string])[] | undefined
  for (const [index, [name, value]] of fields.entries()) {
    at(name)
    const splices = apart(fieldSplices(name, value, rules, substitutes))
    if (splices.length === 0) continue
    changed ??= [...fields]
    changed[index] = [name, spliceText(value, splices)]
  }
  return changed ?? fields
}

function fieldSplices(
  name: string,
  value: string,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const rule = rules.header(name)
  const inText = textSplices(value, rules, substitutes)
  if (rule.kind === 'text') return inText
  if (rule.kind === 'url') return [...urlSplices(value, rules, substitutes), ...inText]
  if (rule.kind === 'credentials') return [...credentialSplices(value, rules, substitutes), ...inText]
  if (rule.kind === 'cookie') return [...cookieSplices(value, rules, substitutes), ...inText]
  if (rule.kind === 'set-cookie') {
    return [...cookieSplice(value, 0, endOfCookie(value), rules, substitutes), ...inText]
  }
  if (isToken(value)) return inText
  return [...valueSplice(substitutes, rule.name, value, { start: 0, end: value.length }), ...inText]
}

/** Scheme and credentials (RFC 9110 §11.4); what has no scheme is a credential as a whole. */
const CREDENTIALS = /^([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*) +(?=\S)/

function credentialSplices(
  value: string,
  { definition: { basic, bearer } }: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const [whole = '', scheme = ''] = CREDENTIALS.exec(value) ?? []
  const place = { start: whole.length, end: value.trimEnd().length }
  const credentials = value.slice(place.start, place.end)
  if (scheme.toLowerCase() === 'basic') return basic ? basicSplice(substitutes, credentials, place) : []
  return bearer && !isToken(credentials) ? valueSplice(substitutes, 'bearer', credentials, place) : []
}

function cookieSplices(value: string, rules: RedactRules, substitutes: Substitutes): readonly Splice[] {
  const splices: Splice[] = []
  for (let start = 0; start < value.length;) {
    const end = start + endOfCookie(value.slice(start))
    splices.push(...cookieSplice(value, start, end, rules, substitutes))
    start = end + 1
  }
  return splices
}

function endOfCookie(text: string): number {
  const semicolon = text.indexOf(';')
  return semicolon === -1 ? text.length : semicolon
}

/** `name=value` (RFC 6265 §4.1.1); quotes belong to the value. */
function cookieSplice(
  text: string,
  from: number,
  to: number,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const pair = text.slice(from, to)
  const equals = pair.indexOf('=')
  if (equals === -1 || !rules.cookie(pair.slice(0, equals).trim())) return []
  const end = from + pair.trimEnd().length
  const value = text.slice(from + equals + 1, end)
  if (isToken(value)) return []
  return valueSplice(substitutes, 'cookie', value, { start: from + equals + 1, end })
}
