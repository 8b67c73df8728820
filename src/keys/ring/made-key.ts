import type { KeyObject } from 'node:crypto'
import { ALGORITHMS, type AlgName } from '../algorithms.ts'
import { signingKey, type SigningKey } from '../signing-key.ts'

/** A key that came to be here, or was given. */
export interface MadeKey {
  readonly key: SigningKey
  /** The private or secret key, to be kept; undefined where whoever gave the key keeps it, as with a mounted file. */
  readonly secret: KeyObject | undefined
}

/** A new key for an alg, made on the thread pool: RSA takes 0.05 to 1 s there, and nobody waits for it here. */
export async function makeKey(alg: AlgName): Promise<MadeKey> {
  const secret = await ALGORITHMS[alg].generateInPool()
  return { key: signingKey({ alg, key: secret, from: 'a generated key' }), secret }
}

/** Bytes that tell whether two HMAC keys are one: what one signs, the other verifies. */
const PROBE = new TextEncoder().encode('reseal: is this the same key?')

/** Whether two keys sign the same alg with the same key. */
export async function isSameKey(one: SigningKey, other: SigningKey): Promise<boolean> {
  if (one.alg !== other.alg || one.thumbprint !== other.thumbprint) return false
  return one.thumbprint !== undefined || other.verify(PROBE, await one.sign(PROBE))
}
