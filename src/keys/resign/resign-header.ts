import type { BinaryText } from '../../core/binary-text.ts'
import { ResealError } from '../../core/errors.ts'
import { editMembers, jsonOf, memberOf } from '../../core/json.ts'
import type { Jwt } from '../../core/jwt.ts'
import { certificateMembers } from '../certificate-chain.ts'
import type { SigningKey } from '../signing-key.ts'

/** What becomes of `kid`: `auto` and `keep` leave what was recorded, none where there was none. */
export type KidRule = 'auto' | 'keep' | 'thumbprint' | 'remove' | { readonly value: string }

/** Members to set, typed, and to remove. */
export interface MemberChanges {
  readonly set: Readonly<Record<string, unknown>>
  readonly remove: readonly string[]
}

/** Members that prove or lead to the key that signed (RFC 7515 §4.1.2-§4.1.8), and so are false beside another key. */
const PROOFS_OF_KEY = ['x5c', 'x5t', 'x5t#S256', 'x5u', 'jku', 'jwk'] as const

export interface HeaderPlan {
  readonly token: Jwt
  readonly key: SigningKey
  readonly keyMatches: boolean
  readonly kid: KidRule
  readonly changes: MemberChanges
}

/**
 * The JOSE header's text for the re-signed token; the recorded text itself when nothing changes.
 * @throws ResealError TRANSFORM_INVALID when the changes would make `alg` lie
 * @throws ResealError KEY_UNFIT when a thumbprint is asked of an HMAC secret
 */
export function resignedHeader(plan: HeaderPlan): BinaryText {
  const { text, object } = plan.token.header
  const set = new Map<string, BinaryText>()
  const remove = new Set<string>()
  if (plan.key.alg !== plan.token.alg) set.set('alg', jsonOf(plan.key.alg))
  applyKid(plan, set, remove)
  if (!plan.keyMatches) applyProofs(plan, set, remove)
  applyChanges(plan.changes, set, remove)
  if (set.size === 0 && remove.size === 0) return text
  return text.slice(0, object.start) + editMembers(text, object, { set, remove }) + text.slice(object.end)
}

function applyKid({ kid, key }: HeaderPlan, set: Map<string, BinaryText>, remove: Set<string>): void {
  if (kid === 'auto' || kid === 'keep') return
  if (kid === 'remove') {
    remove.add('kid')
  } else if (kid === 'thumbprint') {
    if (key.thumbprint === undefined) {
      throw new ResealError(
        'KEY_UNFIT',
        `The key ${key.source} has no public half to take a thumbprint of.`,
        {
          hint: 'Write `kid: keep`, or give the kid as a value.',
        },
      )
    }
    set.set('kid', jsonOf(key.thumbprint))
  } else {
    set.set('kid', jsonOf(kid.value))
  }
}

/** What the header had, and the key's own certificates can say again, is said again; the rest goes. */
function applyProofs({ token, key }: HeaderPlan, set: Map<string, BinaryText>, remove: Set<string>): void {
  const own = certificateMembers(key.certificates)
  for (const name of PROOFS_OF_KEY) {
    if (memberOf(token.header.object, name) === undefined) continue
    const value = own.get(name)
    if (value === undefined) remove.add(name)
    else set.set(name, jsonOf(value))
  }
}

function applyChanges(changes: MemberChanges, set: Map<string, BinaryText>, remove: Set<string>): void {
  if (Object.hasOwn(changes.set, 'alg') || changes.remove.includes('alg')) {
    throw new ResealError(
      'TRANSFORM_INVALID',
      'The header changes name "alg", which must stay what the key signs.',
      {
        hint: 'Choose the algorithm with the option `alg` instead.',
      },
    )
  }
  for (const [name, value] of Object.entries(changes.set)) {
    set.set(name, jsonOf(value))
    remove.delete(name)
  }
  for (const name of changes.remove) remove.add(name)
}
