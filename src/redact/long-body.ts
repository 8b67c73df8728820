import { binaryText, type BinaryText } from '../core/binary-text.ts'
import { mayHoldToken } from './compact-tokens.ts'
import { mayHoldEscapes } from './escaped-tokens.ts'
import { nextMember, type NameSieve } from './member-names.ts'
import type { RedactRules } from './rules.ts'
import { JWS_SIGNATURE } from './secret-names.ts'
import type { Substitutes } from './substitutes.ts'
import { holdsKey, holdsUserinfo } from './text-secrets.ts'

/** What fits into the caches of a processor, and into V8's memory for what is short-lived. */
const WINDOW_BYTES = 64 * 1024
/** Longer than any sign of a secret: the longest name, spelt with escapes, and its colon behind some white space. */
const OVERLAP_BYTES = 1024
/** White space between a name and its colon that an overlap may not hold. */
const WIDE_SPACE = /[ \t\r\n\\nrt]{600}$/

/** Whether a body is long enough for {@link mayHoldSecrets} to be worth its while. */
export function isLong(bytes: Uint8Array): boolean {
  return bytes.length > WINDOW_BYTES
}

/**
 * Whether there is a sign of a secret anywhere in a long body. Most have none, and of those no text as long as the body
 * has to be made.
 * @param named whether its media type can name members
 */
export function mayHoldSecrets(
  bytes: Uint8Array,
  named: boolean,
  rules: RedactRules,
  substitutes: Substitutes,
): boolean {
  if (rules.patterns.length > 0 || (named && rules.paths.length > 0)) return true
  for (let start = 0; ; start += WINDOW_BYTES - OVERLAP_BYTES) {
    const window = binaryText(bytes.subarray(start, start + WINDOW_BYTES))
    if (holdsSign(window, rules, substitutes) || (named && holdsName(window, rules))) return true
    if (start + WINDOW_BYTES >= bytes.length) return false
  }
}

function holdsSign(text: BinaryText, { definition }: RedactRules, { token }: Substitutes): boolean {
  return (
    ((definition.jwt || token !== undefined) && mayHoldToken(text)) ||
    (definition.privateKeys && holdsKey(text)) ||
    (definition.userinfo && holdsUserinfo(text))
  )
}

function holdsName(text: BinaryText, rules: RedactRules): boolean {
  if (mayHoldEscapes(text) || text.includes('<input') || WIDE_SPACE.test(text.slice(-OVERLAP_BYTES)))
    return true
  if (rules.definition.privateKeys && text.includes('kty')) return true
  const sieve: NameSieve = { endings: rules.memberEndings, short: false }
  for (let from = 0; ;) {
    const member = nextMember(text, from, sieve, false)
    if (member === undefined) return false
    if (member.name === JWS_SIGNATURE || rules.member(member.name) !== undefined) return true
    from = member.colon + 1
  }
}
