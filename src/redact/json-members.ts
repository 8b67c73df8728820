import type { BinaryText } from '../core/binary-text.ts'
import type { Splice } from '../core/json.ts'
import { isToken, mayHoldToken } from './compact-tokens.ts'
import { mayHoldEscapes } from './escaped-tokens.ts'
import { literalsAt, type Literal } from './json-literals.ts'
import { nextMember } from './member-names.ts'
import type { RedactRules } from './rules.ts'
import { JWS_SIGNATURE } from './secret-names.ts'
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
  const sieve = {
    endings: rules.memberEndings,
    short: rules.definition.privateKeys && text.includes('kty'),
  }
  const escapes = mayHoldEscapes(text)
  const isJws = once(() => mayHoldToken(text) && text.includes('protected'))
  for (let from = 0; ;) {
    const member = nextMember(text, from, sieve, escapes)
    if (member === undefined) return splices
    const { name, nesting, colon, valueAt } = member
    from = colon + 1
    const splicesOf = splicer(name, rules, substitutes, isJws)
    if (splicesOf === undefined) continue
    const literals = literalsAt(text, valueAt, nesting)
    from = literals.at(-1)?.end ?? from
    splices.push(...splicesOf(literals))
  }
}

/** What is done to the values of a member; undefined where its name says nothing of a secret. */
function splicer(
  name: string,
  rules: RedactRules,
  substitutes: Substitutes,
  isJws: () => boolean,
): ((literals: readonly Literal[]) => readonly Splice[]) | undefined {
  const secret = rules.member(name)
  if (secret !== undefined) {
    const counts = ({ value }: Literal): boolean => !isAnyToken(name) || CREDENTIAL.test(value)
    return (literals) => literals.filter(counts).flatMap((one) => literalSplice(one, secret, substitutes))
  }
  if (rules.jwkMember(name)) {
    return ([only]) =>
      only?.string === true && PRIVATE_MEMBER.test(only.value)
        ? literalSplice(only, 'private_key', substitutes)
        : []
  }
  // The protected header of a JWS begins as that of a compact token does.
  return name === JWS_SIGNATURE && rules.definition.jwt && isJws()
    ? ([only]) => jwsSplice(only, substitutes)
    : undefined
}

function once(ask: () => boolean): () => boolean {
  let answer: boolean | undefined
  return () => (answer ??= ask())
}

/** `token` is also a word of a text, in the answers of language models. */
function isAnyToken(name: string): boolean {
  return name.toLowerCase() === 'token'
}

/** What nobody guesses, in the letters of a bearer token (RFC 6750 §2.1). */
const CREDENTIAL = /^[A-Za-z0-9._~+/=:|-]{12,}$/

/** A number of a private key is long, and the members' names are short and may mean anything. */
const PRIVATE_MEMBER = /^[A-Za-z0-9_-]{16,}$/

function literalSplice(literal: Literal, name: string, substitutes: Substitutes): readonly Splice[] {
  const { start, end, value, string, nesting } = literal
  // A token keeps its claims, and is found as one, however it is spelt.
  if (isToken(value)) return []
  if (string) return valueSplice(substitutes, name, value, { start, end })
  const quote = `${'\\'.repeat(nesting)}"`
  return valueSplice(substitutes, name, value, { start, end }).map((splice) => ({
    ...splice,
    text: quote + splice.text + quote,
  }))
}

/** The signature of a JWS in its JSON form (RFC 7515 §7.2). */
function jwsSplice(literal: Literal | undefined, substitutes: Substitutes): readonly Splice[] {
  if (literal === undefined || !/^[A-Za-z0-9_-]{20,}$/.test(literal.value)) return []
  const text = signatureText(substitutes, '', literal.value)
  return text === undefined ? [] : [{ start: literal.start, end: literal.end, text }]
}
