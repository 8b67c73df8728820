import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { thumbprintOf, publicJwkOf } from './public-jwk.ts'
import { loadX509 } from './tls/x509.ts'

/** From then on; that it ends is nothing a recording has to do with (RFC 5280 §4.1.2.5). */
const VALIDITY = {
  notBefore: new Date(Date.UTC(2000, 0, 1)),
  notAfter: new Date(Date.UTC(9999, 11, 31, 23, 59, 59)),
} as const

/** Algorithms of WebCrypto by the curve of a key. */
const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
}

/**
 * A certificate that says whose key it is and is signed by that key, for tokens that carry one.
 * @returns undefined for a kind of key that no certificate is made for
 */
export async function selfSigned(key: KeyObject): Promise<X509Certificate | undefined> {
  const algorithm = algorithmOf(key)
  const publicJwk = publicJwkOf(key)
  if (algorithm === undefined || publicJwk === undefined) return undefined
  const x509 = await loadX509()
  const { subtle } = crypto
  const der = key.export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const thumbprint = thumbprintOf(publicJwk)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // Of the key, so that the same key has the same certificate; positive (RFC 5280 §4.1.2.2).
    serialNumber: `40${Buffer.from(thumbprint, 'base64url').toString('hex').slice(0, 30)}`,
    name: `CN=${thumbprint}`,
    ...VALIDITY,
    signingAlgorithm: algorithm,
    keys: {
      privateKey: await subtle.importKey('pkcs8', Buffer.from(der), algorithm, false, ['sign']),
      publicKey: await subtle.importKey('spki', Buffer.from(spki), algorithm, true, ['verify']),
    },
  })
  return new X509Certificate(Buffer.from(certificate.rawData))
}

function algorithmOf(key: KeyObject): { readonly name: string; readonly hash: string } | undefined {
  switch (key.type === 'private' ? key.asymmetricKeyType : undefined) {
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    case 'ec': {
      const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? '']
      return curve && { name: 'ECDSA', ...curve }
    }
    case 'ed25519':
      return { name: 'Ed25519', hash: 'SHA-512' }
    default:
      return undefined
  }
}
