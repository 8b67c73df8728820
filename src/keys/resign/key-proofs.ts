import type { BinaryText } from '../../core/binary-text.ts'
import { editMembers, jsonOf, memberOf, type JsonObject } from '../../core/json.ts'
import type { JsonText } from '../../core/jwt.ts'
import { certificateMembers } from '../certificate-chain.ts'
import type { SigningKey } from '../signing-key.ts'

/** Members that prove or lead to the key that signed (RFC 7515 §4.1.2-§4.1.8), and so are false beside another key. */
export const KEY_PROOFS = ['x5c', 'x5t', 'x5t#S256', 'x5u', 'jku', 'jwk'] as const

export type KeyProof = (typeof KEY_PROOFS)[number]

/**
 * What becomes of one where another key signs: `drop` leaves it out, but for what the key's own certificates say;
 * `reissue` says it of the new key, and leaves it out where nothing can be said; `keep` leaves what was recorded.
 */
export type ProofRule = 'drop' | 'reissue' | 'keep'

/** Rules by member; one that is left out is `drop`. */
export type ProofRules = Readonly<Partial<Record<KeyProof, ProofRule>>>

export interface ProofPlan {
  readonly header: JsonObject
  readonly key: SigningKey
  readonly rules: ProofRules
}

/** The members that the key can say at once, those that go, and those that are known when it signs. */
export interface PlannedProofs {
  readonly set: ReadonlyMap<KeyProof, BinaryText>
  readonly remove: readonly KeyProof[]
  readonly late: readonly KeyProof[]
}

/** Only of members that the recorded header has. */
export function planProofs({ header, key, rules }: ProofPlan): PlannedProofs {
  const own = certificateMembers(key.certificates)
  const set = new Map<KeyProof, BinaryText>()
  const remove: KeyProof[] = []
  const late: KeyProof[] = []
  for (const name of KEY_PROOFS) {
    const rule = rules[name] ?? 'drop'
    if (rule === 'keep' || memberOf(header, name) === undefined) continue
    const value = own.get(name) ?? (rule === 'reissue' && name === 'jwk' ? key.publicJwk : undefined)
    if (value !== undefined) set.set(name, jsonOf(value))
    else if (rule === 'reissue' && name !== 'jwk' && name !== 'x5u') late.push(name)
    else remove.push(name)
  }
  return { set, remove, late }
}

/**
 * A header with what is known of the key only now: its certificate, which is made when it is first asked for, and where
 * its public half is served.
 * @param jwksUrl undefined where no JWKS of the replay has it
 */
export async function withLateProofs(
  { text, object }: JsonText,
  late: readonly KeyProof[],
  key: SigningKey,
  jwksUrl: string | undefined,
): Promise<BinaryText> {
  const certificate = late.some((name) => name !== 'jku') ? await key.certificate() : undefined
  const made = certificateMembers(certificate === undefined ? [] : [certificate])
  const set = new Map<string, BinaryText>()
  const remove = new Set<string>()
  for (const name of late) {
    const value = name === 'jku' ? jwksUrl : made.get(name)
    if (value === undefined) remove.add(name)
    else set.set(name, jsonOf(value))
  }
  return text.slice(0, object.start) + editMembers(text, object, { set, remove }) + text.slice(object.end)
}
