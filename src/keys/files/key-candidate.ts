import type { KeyObject, X509Certificate } from 'node:crypto'

/** A key found in a file. */
export interface KeyCandidate {
  /** A private key, or the secret of an `oct` JWK. */
  readonly key: KeyObject
  /** `kid` and `alg` of the JWK it was. */
  readonly kid: string | undefined
  readonly alg: string | undefined
  /** Leaf first; empty unless the leaf holds this key. */
  readonly certificates: readonly X509Certificate[]
}

/** A key that came without any of the names a JWK gives. */
export function bareCandidate(key: KeyObject, certificates: readonly X509Certificate[] = []): KeyCandidate {
  return { key, kid: undefined, alg: undefined, certificates }
}
