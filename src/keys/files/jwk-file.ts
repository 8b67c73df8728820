import { createPrivateKey, createSecretKey, X509Certificate, type KeyObject } from 'node:crypto'
import { base64urlBytes } from '../../core/jwt.ts'
import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { scanJson, utf8Json } from '../../core/json.ts'
import { certificateChain } from '../certificate-chain.ts'
import type { KeyCandidate } from './key-candidate.ts'
import { unusableKey } from './unusable-key.ts'

/**
 * The private and secret keys of a JWK or JWK Set (RFC 7517 §4, §5), in file order; public ones and those for
 * encryption (`use: enc`) are left out.
 * @throws ResealError KEY_INVALID when it is other JSON, holds no private key, or one that does not import
 */
export function keysOfJson(text: BinaryText, name: string): readonly KeyCandidate[] {
  if (scanJson(text) === undefined) throw unusableKey('otherJson', name)
  const document = utf8Json(text)
  if (!isRecord(document)) throw unusableKey('otherJson', name)
  const entries = Array.isArray(document['keys']) ? document['keys'] : [document]
  const jwks = entries.filter(isRecord).filter((entry) => typeof entry['kty'] === 'string')
  if (jwks.length === 0) throw unusableKey('otherJson', name)
  const signing = jwks.filter((jwk) => isPrivate(jwk) && jwk['use'] !== 'enc')
  if (signing.length === 0) throw unusableKey('publicKey', name)
  return signing.map((jwk) => candidateOf(jwk, name))
}

type JsonRecord = Readonly<Record<string, unknown>>

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPrivate(jwk: JsonRecord): boolean {
  return typeof (jwk['kty'] === 'oct' ? jwk['k'] : jwk['d']) === 'string'
}

function candidateOf(jwk: JsonRecord, name: string): KeyCandidate {
  const key = keyOfJwk(jwk, name)
  return {
    key,
    kid: stringOf(jwk['kid']),
    alg: stringOf(jwk['alg']),
    certificates: key.type === 'private' ? certificateChain(key, certificatesOf(jwk['x5c'])) : [],
  }
}

function keyOfJwk(jwk: JsonRecord, name: string): KeyObject {
  if (jwk['kty'] === 'oct') {
    const secret = base64urlBytes(stringOf(jwk['k']) ?? '')
    if (secret === undefined || secret.length === 0) throw unusableKey('brokenJwk', name)
    return createSecretKey(secret)
  }
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  } catch (error) {
    throw unusableKey('brokenJwk', name, error)
  }
}

/** `x5c` holds standard base64, not base64url (RFC 7517 §4.7). */
function certificatesOf(x5c: unknown): readonly X509Certificate[] {
  if (!Array.isArray(x5c)) return []
  return x5c.flatMap((entry) => {
    try {
      return typeof entry === 'string' ? [new X509Certificate(Buffer.from(entry, 'base64'))] : []
    } catch {
      // A certificate that cannot be read proves nothing, and is not needed to sign.
      return []
    }
  })
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The JSON text of a private or secret key with its name, the form in which reseal keeps the keys it made. */
export function jwkFileText(
  key: KeyObject,
  members: { readonly kid?: string; readonly alg?: string },
): BinaryText {
  return textOfUtf8(
    `${JSON.stringify({ ...key.export({ format: 'jwk' }), ...members, use: 'sig' }, undefined, 2)}\n`,
  )
}
