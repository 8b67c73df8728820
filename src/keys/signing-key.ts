import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { bytesOfText } from '../core/binary-text.ts'
import { isRedactedSignature, signaturePart, wasSignature } from '../core/redacted-signature.ts'
import type { Jwt } from '../core/jwt.ts'
import { ALGORITHMS, algorithmNamed, type AlgName } from './algorithms.ts'
import { keyKind } from './key-kind.ts'
import { selfSigned } from './self-signed.ts'
import { publicJwkOf, thumbprintOf, type PublicJwk } from './public-jwk.ts'

/** A key together with the one `alg` it signs with here. Nothing of it tells the private half. */
export interface SigningKey {
  readonly alg: AlgName | 'none'
  /** Where it is from and what it is, for people: `jwt-demo/tls.key (RSA 2048)`. */
  readonly source: string
  /** The `kid` its JWK names. */
  readonly kid: string | undefined
  /** RFC 7638 thumbprint of the public key; undefined for HMAC. */
  readonly thumbprint: string | undefined
  /** Required members of the public key, undefined for HMAC. */
  readonly publicJwk: PublicJwk | undefined
  /** Leaf first; empty unless the leaf holds this key. */
  readonly certificates: readonly X509Certificate[]
  /** A certificate that the key makes of itself, when it is first asked for; undefined for a kind that has none. */
  certificate(): Promise<X509Certificate | undefined>
  /** Signs the bytes; on the thread pool where that is faster for everybody else. */
  sign(data: Uint8Array): Promise<Uint8Array>
  /** Whether a signature by this key with this `alg` is right. */
  verify(data: Uint8Array, signature: Uint8Array): boolean
  /**
   * Whether this key, with the token's own `alg`, is the one that signed a recorded token; undefined where its
   * signature is redacted and nothing tells.
   */
  verifies(jwt: Jwt): boolean | undefined
}

export interface SigningKeyParts {
  readonly alg: AlgName
  /** A private or secret key that fits `alg`. */
  readonly key: KeyObject
  /** Name of what it was read from. */
  readonly from: string
  readonly kid?: string | undefined
  readonly certificates?: readonly X509Certificate[]
}

/** A key ready to sign with one `alg`; that the key fits it is for the caller to have seen to. */
export function signingKey({ alg, key, from, kid, certificates = [] }: SigningKeyParts): SigningKey {
  const algorithm = ALGORITHMS[alg]
  const verifier = key.type === 'private' ? createPublicKey(key) : key
  const publicJwk = publicJwkOf(verifier)
  let certificate: Promise<X509Certificate | undefined> | undefined
  return {
    alg,
    source: `${from} (${keyKind(key)})`,
    kid,
    thumbprint: publicJwk && thumbprintOf(publicJwk),
    publicJwk,
    certificates,
    certificate: () => (certificate ??= selfSigned(key)),
    sign: (data) => algorithm.sign(data, key),
    verify: (data, signature) => algorithm.verify(data, signature, verifier),
    verifies: (jwt) => keyVerifies(key, jwt),
  }
}

/** What "signs" a token that was recorded without a signature (RFC 7519 §6). */
export const UNSIGNED: SigningKey = {
  alg: 'none',
  source: 'no key (alg none)',
  kid: undefined,
  thumbprint: undefined,
  publicJwk: undefined,
  certificates: [],
  certificate: async () => undefined,
  sign: async () => new Uint8Array(),
  verify: (_, signature) => signature.length === 0,
  verifies: (jwt) => jwt.alg === 'none' && jwt.signature.length === 0,
}

/**
 * Whether this public, private or secret key signed the token, by the `alg` the token names. Of a redacted signature
 * there is its hash at best, and only who can make the signature again can compare: undefined for everybody else.
 */
export function keyVerifies(key: KeyObject, jwt: Jwt): boolean | undefined {
  const algorithm = algorithmNamed(jwt.alg)
  if (algorithm === undefined || !algorithm.fits(key)) return false
  const data = bytesOfText(jwt.signingInput)
  const signature = signaturePart(jwt.token)
  if (!isRedactedSignature(signature)) return algorithm.verify(data, jwt.signature, key)
  return key.type === 'private' ? wasSignature(signature, algorithm.signSync(data, key)) : undefined
}
