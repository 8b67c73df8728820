import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import type { SigningKey } from '../signing-key.ts'

/** When a key of a ring does what; everything else about its life follows from its neighbours. */
export interface RecordTimes {
  readonly publishedAt: EpochSeconds
  readonly activeAt: EpochSeconds
  /** When a call took it out of the JWKS. A key taken out before it was to sign never signs. */
  readonly expiredAt?: EpochSeconds | undefined
  /** It never signs and stays published until a call takes it out: the further keys of a mounted set. */
  readonly verifiesOnly?: boolean | undefined
}

/** What a ring remembers of a key. Records are replaced, never changed. */
export interface RingRecord extends RecordTimes {
  readonly kid: string
  readonly alg: AlgName
  readonly key: SigningKey
  /** Order of arrival among the keys of its alg, from 1: of two that begin in the same second the later one signs. */
  readonly number: number
  /** Whether the ring's directory has it. */
  readonly kept: boolean
}
