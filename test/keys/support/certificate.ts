import { createPublicKey, sign, X509Certificate, type KeyObject } from 'node:crypto'

export interface CertificateParts {
  readonly subject: string
  /** The key certified. */
  readonly key: KeyObject
  readonly issuer: string
  /** The key that certifies, P-256. */
  readonly issuerKey: KeyObject
}

/** A version 1 certificate (RFC 5280 §4.1), valid from 2020 to 2049. */
export function aCertificate({ subject, key, issuer, issuerKey }: CertificateParts): X509Certificate {
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const validity = der(0x30, time('200101000000Z'), time('491231235959Z'))
  const body = der(
    0x30,
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    commonName(issuer),
    validity,
    commonName(subject),
    spki,
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, issuerKey))
  return new X509Certificate(der(0x30, body, ecdsaWithSha256, signature))
}

function commonName(name: string): Buffer {
  const oid = der(0x06, Buffer.from('550403', 'hex'))
  return der(0x30, der(0x31, der(0x30, oid, der(0x0c, Buffer.from(name)))))
}

function time(text: string): Buffer {
  return der(0x17, Buffer.from(text))
}

/** One DER element. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
