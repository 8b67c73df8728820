import type { BinaryText } from '../../core/binary-text.ts'
import { ResealError } from '../../core/errors.ts'
import { editMembers, jsonOf } from '../../core/json.ts'
import type { Jwt } from '../../core/jwt.ts'
import type { SigningKey } from '../signing-key.ts'
import { planProofs, type KeyProof, type PlannedProofs, type ProofRules } from './key-proofs.ts'

/** What becomes of `kid`: `auto` and `keep` leave what was recorded, none where there was none. */
export type KidRule = 'auto' | 'keep' | 'thumbprint' | 'remove' | { readonly value: string }

/** Members to set, typed, and to remove. */
export interface MemberChanges {
  readonly set: Readonly<Record<string, unknown>>
  readonly remove: readonly string[]
}

export interface HeaderPlan {
  readonly token: Jwt
  readonly key: SigningKey
  readonly keyMatches: boolean
  readonly kid: KidRule
  readonly proofs: ProofRules
  readonly changes: MemberChanges
}

/** A header of a re-signed token. */
export interface ResignedHeader {
  readonly text: BinaryText
  /** Members that are as recorded yet, and known when the token is signed. */
  readonly late: readonly KeyProof[]
}

/**
 * The JOSE header for the re-signed token; its text is the recorded one itself when nothing changes.
 * @throws ResealError TRANSFORM_INVALID when the changes would make `alg` lie
 * @throws ResealError KEY_UNFIT when a thumbprint is asked of an HMAC secret
 */
export function resignedHeader(plan: HeaderPlan): ResignedHeader {
  const { text, object } = plan.token.header
  const set = new Map<string, BinaryText>()
  const remove = new Set<string>()
  if (plan.key.alg !== plan.token.alg) set.set('alg', jsonOf(plan.key.alg))
  applyKid(plan, set, remove)
  const proofs = plan.keyMatches
    ? NO_PROOFS
    : planProofs({ header: object, key: plan.key, rules: plan.proofs })
  for (const [name, value] of proofs.set) set.set(name, value)
  for (const name of proofs.remove) remove.add(name)
  applyChanges(plan.changes, set, remove)
  const late = proofs.late.filter((name) => !set.has(name) && !remove.has(name))
  if (set.size === 0 && remove.size === 0) return { text, late }
  const edited = editMembers(text, object, { set, remove })
  return { text: text.slice(0, object.start) + edited + text.slice(object.end), late }
}

const NO_PROOFS: PlannedProofs = { set: new Map(), remove: [], late: [] }

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
