import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import type { SigningKey } from '../signing-key.ts'

/**
 * `next` is published and does not sign yet, `active` signs, `retiring` is published and signs no more, `expired` has
 * left the JWKS.
 */
export type RingState = 'next' | 'active' | 'retiring' | 'expired'

/** A signing key of a ring, as it stands at one moment. */
export interface RingKey {
  /** Unique in the ring for ever: RFC 7638 thumbprint unless the key's file named one that was free. */
  readonly kid: string
  readonly alg: AlgName
  readonly state: RingState
  readonly key: SigningKey
  /** When it entered the JWKS. */
  readonly publishedAt: EpochSeconds
  /** When it signs first. */
  readonly activeAt: EpochSeconds
  /** When the one after it begins to sign; undefined while no other is planned. */
  readonly retiresAt: EpochSeconds | undefined
  /** When it leaves the JWKS; undefined while that is not planned. */
  readonly leavesAt: EpochSeconds | undefined
}
