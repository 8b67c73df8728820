import { ResealError } from '../../core/errors.ts'
import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import { makeKey, type MadeKey } from './made-key.ts'
import type { SigningKey } from '../signing-key.ts'

export interface KeyRingOptions {
  /** What the ring signs, the first one unless asked. Default: what `keys` sign, else RS256. */
  readonly algs?: readonly AlgName[]
  /** The moment of making: the first keys are published and sign from now on. */
  readonly now: EpochSeconds
  /** How long a key signs before the next one does; without it, keys change only by call. */
  readonly rotateEverySeconds?: number
  /** How long a key stays published after it signed last. Default 3600; at least the lifetime of its tokens. */
  readonly transitionSeconds?: number
  /**
   * How long a key is published before it signs. Default 600: clients cache a JWKS for ten minutes, and refetch it for
   * a kid they do not know at most each 30 s. 0 has a key sign at once, which 11 of 42 clients refuse at first.
   */
  readonly leadSeconds?: number
  /** Mounted keys: the first of an alg signs, the others only stay published. */
  readonly keys?: readonly SigningKey[]
  /** How many expired keys of each alg stay at hand for tokens that must be refused. Default 3. */
  readonly keepExpired?: number
  /** A directory of the ring's own, where the keys it made and the times of all survive a restart. */
  readonly directory?: string
  /** Makes keys in place of reseal; such keys are not kept in the directory, only their times. */
  readonly generate?: (alg: AlgName) => Promise<SigningKey>
}

/** The options checked, with their defaults. */
export interface RingSettings {
  readonly algs: readonly AlgName[]
  readonly rotateEverySeconds: number | undefined
  readonly transitionSeconds: number
  readonly leadSeconds: number
  readonly keepExpired: number
  readonly make: (alg: AlgName) => Promise<MadeKey>
}

/** @throws ResealError CONFIG_INVALID for a number out of range or an empty list of algs */
export function ringSettings(options: KeyRingOptions): RingSettings {
  const { keys = [], rotateEverySeconds, generate } = options
  const named = options.algs ?? keys.map(({ alg }) => alg).filter((alg) => alg !== 'none')
  const algs = [...new Set(named.length === 0 && options.algs === undefined ? DEFAULT_ALGS : named)]
  if (algs.length === 0) {
    throw new ResealError('CONFIG_INVALID', 'A key ring was asked for that signs with no alg at all.', {
      hint: 'Name one, such as RS256, or leave the list out.',
    })
  }
  return {
    algs,
    rotateEverySeconds:
      rotateEverySeconds === undefined ? undefined : atLeast(1, 'rotateEverySeconds', rotateEverySeconds),
    transitionSeconds: atLeast(0, 'transitionSeconds', options.transitionSeconds ?? 3600),
    leadSeconds: atLeast(0, 'leadSeconds', options.leadSeconds ?? 600),
    keepExpired: atLeast(0, 'keepExpired', options.keepExpired ?? 3),
    make: generate === undefined ? makeKey : async (alg) => ({ key: await generate(alg), secret: undefined }),
  }
}

const DEFAULT_ALGS: readonly AlgName[] = ['RS256']

/**
 * A whole number, parts of one counted as one.
 * @throws ResealError CONFIG_INVALID
 */
export function atLeast(least: number, name: string, value: number): number {
  if (Number.isFinite(value) && value >= least) return Math.ceil(value)
  throw new ResealError('CONFIG_INVALID', `${name} of a key ring cannot be ${value}.`, {
    hint: `Give a number of ${least} or more.`,
  })
}
