import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { systemErrorCode } from '../../core/errors.ts'
import { DER_INTEGER, DER_OBJECT_IDENTIFIER, DER_SEQUENCE, derChildren, derElement } from '../der.ts'
import type { PemBlock } from './pem.ts'
import { unusableKey, type UnusableKey } from './unusable-key.ts'

/** The file a key comes from, and what opens it. */
export interface KeyOrigin {
  /** For messages: `jwt-demo/tls.key`. */
  readonly name: string
  readonly passphrase: Uint8Array | undefined
}

const DER_OCTET_STRING = 0x04

/**
 * Whether bytes are one whole DER SEQUENCE that begins like a key, certificate or container. A random secret is so by
 * chance once in millions, and then only a short one: see {@link privateKeyOfDer}.
 */
export function looksLikeDer(bytes: Uint8Array): boolean {
  const whole = derElement(bytes, 0)
  if (whole?.tag !== DER_SEQUENCE || whole.end !== bytes.length) return false
  const [first] = derChildren(bytes, whole)
  return first?.tag === DER_INTEGER || first?.tag === DER_SEQUENCE
}

/**
 * The private key in DER: PKCS#8, plain or encrypted, PKCS#1 or SEC1.
 * @returns undefined when it is none of these
 * @throws ResealError KEY_INVALID when it is encrypted and the passphrase is missing or wrong
 */
export function privateKeyOfDer(der: Uint8Array, origin: KeyOrigin): KeyObject | undefined {
  if (isEncryptedPkcs8(der)) return decrypted({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }, origin)
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: Buffer.from(der), format: 'der', type })
    } catch {
      // Not of this type; the next may fit.
    }
  }
  return undefined
}

/**
 * The private key in a PEM block. The label is not believed: files with PKCS#8 inside `RSA PRIVATE KEY` are about.
 * @returns undefined when the block holds none
 * @throws ResealError KEY_INVALID when it is encrypted and the passphrase is missing or wrong
 */
export function privateKeyOfPem(block: PemBlock, origin: KeyOrigin): KeyObject | undefined {
  return block.dekEncrypted
    ? decrypted({ key: block.canonical, format: 'pem' }, origin)
    : privateKeyOfDer(block.der, origin)
}

/** What DER that holds no private key is instead. */
export function kindOfDer(der: Uint8Array): UnusableKey {
  if (isPkcs12(der)) return 'pkcs12'
  if (certificateOfDer(der) !== undefined) return 'certificate'
  return isPublicKey(der) ? 'publicKey' : 'brokenDer'
}

/** The X.509 certificate in DER, or undefined. */
export function certificateOfDer(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    // Not a certificate.
    return undefined
  }
}

type EncryptedInput =
  | { readonly key: Buffer; readonly format: 'der'; readonly type: 'pkcs8' }
  | { readonly key: string; readonly format: 'pem' }

function decrypted(input: EncryptedInput, { name, passphrase }: KeyOrigin): KeyObject {
  // Without a passphrase of any kind Node would ask for one on the terminal in some builds of OpenSSL.
  if (passphrase === undefined) throw unusableKey('encrypted', name)
  try {
    return createPrivateKey({ ...input, passphrase: Buffer.from(passphrase) })
  } catch (error) {
    throw unusableKey('passphrase', name, systemErrorCode(error))
  }
}

/** EncryptedPrivateKeyInfo: the algorithm, then the ciphertext as an OCTET STRING (RFC 5958 §3). */
function isEncryptedPkcs8(der: Uint8Array): boolean {
  const whole = derElement(der, 0)
  if (whole?.tag !== DER_SEQUENCE) return false
  const [algorithm, ciphertext, ...rest] = derChildren(der, whole)
  return algorithm?.tag === DER_SEQUENCE && ciphertext?.tag === DER_OCTET_STRING && rest.length === 0
}

/** PFX: version 3, then a ContentInfo, which begins with an object identifier (RFC 7292 §4). */
function isPkcs12(der: Uint8Array): boolean {
  const whole = derElement(der, 0)
  const [version, content] = whole === undefined ? [] : derChildren(der, whole)
  if (version?.tag !== DER_INTEGER || der[version.start] !== 3 || content?.tag !== DER_SEQUENCE) return false
  return derChildren(der, content)[0]?.tag === DER_OBJECT_IDENTIFIER
}

function isPublicKey(der: Uint8Array): boolean {
  return (['spki', 'pkcs1'] as const).some((type) => {
    try {
      createPublicKey({ key: Buffer.from(der), format: 'der', type })
      return true
    } catch {
      // Not of this type.
      return false
    }
  })
}
