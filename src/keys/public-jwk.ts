import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { DER_BIT_STRING, derChildren, derElement } from './der.ts'

/** A public key as a JWK, its required members only (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2). */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string }

/**
 * The public half of a key. Coordinates have the curve's full width (RFC 7518 §6.2.1.2).
 * @returns undefined for an HMAC secret, and for a kind of key that JWK has no name for
 */
export function publicJwkOf(key: KeyObject): PublicJwk | undefined {
  if (key.type === 'secret') return undefined
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  try {
    const jwk = plainRsa(publicKey).export({ format: 'jwk' })
    return requiredMembers(jwk)
  } catch {
    // Node exports only the kinds of key that JWK can say; such a key signs nothing here either.
    return undefined
  }
}

/** The RFC 7638 §3 thumbprint: SHA-256 of the required members, in lexicographic order, without white space. */
export function thumbprintOf(jwk: PublicJwk): string {
  return createHash('sha256').update(canonicalJson(jwk)).digest('base64url')
}

function canonicalJson(jwk: PublicJwk): string {
  if (jwk.kty === 'RSA') return JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n })
  const { crv, kty, x } = jwk
  return JSON.stringify(jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x })
}

/** The same public key without the RSA-PSS parameters, which Node refuses to export as JWK. */
function plainRsa(publicKey: KeyObject): KeyObject {
  if (publicKey.asymmetricKeyType !== 'rsa-pss') return publicKey
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const sequence = derElement(spki, 0)
  const bits = sequence && derChildren(spki, sequence).find((child) => child.tag === DER_BIT_STRING)
  if (bits === undefined) return publicKey
  // A BIT STRING begins with its count of unused bits, here 0; what follows is the PKCS#1 key (RFC 4055 §1.2).
  return createPublicKey({ key: spki.subarray(bits.start + 1, bits.end), format: 'der', type: 'pkcs1' })
}

function requiredMembers({ kty, crv, x, y, n, e }: JsonWebKeyMembers): PublicJwk | undefined {
  if (kty === 'RSA' && n !== undefined && e !== undefined) return { kty, n, e }
  if (crv === undefined || x === undefined) return undefined
  if (kty === 'EC' && y !== undefined) return { kty, crv, x, y }
  return kty === 'OKP' ? { kty, crv, x } : undefined
}

interface JsonWebKeyMembers {
  readonly kty?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}
