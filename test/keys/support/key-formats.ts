import type { KeyObject } from 'node:crypto'
import { der } from './certificate.ts'

/** A key written to a file in one of the ways people write them. */
export interface WrittenKey {
  readonly format: string
  readonly bytes: Uint8Array
  readonly passphrase?: string
}

export const PASSPHRASE = 'correct horse'

/** Every format that can hold this key. */
export function writtenKeys(key: KeyObject): readonly WrittenKey[] {
  if (key.type === 'secret') return secretFiles(key)
  const pem = pemOf(key, 'pkcs8')
  return [
    ...pemFiles(key),
    ...derFiles(key),
    ...damaged(pem),
    ...jwkFiles(key),
    { format: 'base64 of a PEM', bytes: Buffer.from(Buffer.from(pem).toString('base64')) },
    {
      format: 'base64 of DER',
      bytes: Buffer.from(`${key.export({ format: 'der', type: 'pkcs8' }).toString('base64')}\n`),
    },
    {
      format: 'JSON with a PEM in it',
      bytes: Buffer.from(JSON.stringify({ type: 'service_account', private_key: pem })),
    },
  ]
}

export function pemOf(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1'): string {
  return key.export({ format: 'pem', type }).toString()
}

function traditional(key: KeyObject): 'pkcs1' | 'sec1' | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'pkcs1'
  return key.asymmetricKeyType === 'ec' ? 'sec1' : undefined
}

function pemFiles(key: KeyObject): readonly WrittenKey[] {
  const locked = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE }
  const files: WrittenKey[] = [
    { format: 'PKCS#8 PEM', bytes: Buffer.from(pemOf(key, 'pkcs8')) },
    {
      format: 'encrypted PKCS#8 PEM',
      bytes: Buffer.from(key.export({ format: 'pem', type: 'pkcs8', ...locked })),
      passphrase: PASSPHRASE,
    },
  ]
  const type = traditional(key)
  if (type === undefined) return files
  const legacy = key.export({ format: 'pem', type, ...locked }).toString()
  const plain = pemOf(key, type)
  const label = type === 'pkcs1' ? 'RSA PRIVATE KEY' : 'EC PRIVATE KEY'
  return [
    ...files,
    { format: `${type} PEM`, bytes: Buffer.from(plain) },
    { format: `${type} PEM with DEK-Info`, bytes: Buffer.from(legacy), passphrase: PASSPHRASE },
    {
      format: `${type} PEM with DEK-Info, line ends lost`,
      bytes: Buffer.from(legacy.replaceAll('\n', ' ')),
      passphrase: PASSPHRASE,
    },
    {
      format: `PKCS#8 in a block labelled ${label}`,
      bytes: Buffer.from(pemOf(key, 'pkcs8').replaceAll('PRIVATE KEY', label)),
    },
    ...(type === 'sec1'
      ? [{ format: 'sec1 PEM after EC PARAMETERS', bytes: Buffer.from(parametersOf(key) + plain) }]
      : []),
  ]
}

const CURVE_OIDS: Readonly<Record<string, string>> = {
  prime256v1: '2a8648ce3d030107',
  secp384r1: '2b81040022',
  secp521r1: '2b81040023',
  secp256k1: '2b8104000a',
}

/** What `openssl ecparam -genkey` puts before the key. */
function parametersOf(key: KeyObject): string {
  const oid = CURVE_OIDS[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? ''
  const body = der(0x06, Buffer.from(oid, 'hex')).toString('base64')
  return `-----BEGIN EC PARAMETERS-----\n${body}\n-----END EC PARAMETERS-----\n`
}

function derFiles(key: KeyObject): readonly WrittenKey[] {
  const type = traditional(key)
  return [
    { format: 'PKCS#8 DER', bytes: key.export({ format: 'der', type: 'pkcs8' }) },
    {
      format: 'encrypted PKCS#8 DER',
      bytes: key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: PASSPHRASE }),
      passphrase: PASSPHRASE,
    },
    ...(type === undefined ? [] : [{ format: `${type} DER`, bytes: key.export({ format: 'der', type }) }]),
  ]
}

function damaged(pem: string): readonly WrittenKey[] {
  const body = pem.replace(/-----[^-]+-----/g, '').replaceAll('\n', '')
  const texts: readonly (readonly [string, string])[] = [
    ['CRLF', pem.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${pem}`],
    ['indentation', pem.replaceAll(/^/gm, '    ')],
    ['literal \\n', pem.replaceAll('\n', '\\n')],
    ['literal \\r\\n', pem.replaceAll('\n', '\\r\\n')],
    ['spaces for line ends', pem.replaceAll('\n', ' ')],
    ['no line ends at all', pem.replaceAll('\n', '')],
    ['a body on one line', `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`],
    ['text around it', `Bag Attributes\n  friendlyName: x\n\n${pem}\nbye\n`],
    ['quotes around it', `"${pem.replaceAll('\n', '\\n')}"`],
  ]
  return [
    ...texts.map(([what, text]) => ({ format: `PKCS#8 PEM with ${what}`, bytes: Buffer.from(text) })),
    { format: 'PKCS#8 PEM in UTF-16', bytes: Buffer.from(`\ufeff${pem}`, 'utf16le') },
  ]
}

function jwkFiles(key: KeyObject): readonly WrittenKey[] {
  // Node exports no JWK for keys limited to PSS; RFC 7518 has no JWK for them either.
  if (key.asymmetricKeyType === 'rsa-pss') return []
  const jwk = { ...key.export({ format: 'jwk' }), kid: 'key 1' }
  const text = JSON.stringify(jwk, undefined, 2)
  return [
    { format: 'JWK', bytes: Buffer.from(text) },
    { format: 'JWK after a byte order mark', bytes: Buffer.from(`\ufeff${text}`) },
    { format: 'base64 of a JWK', bytes: Buffer.from(Buffer.from(text).toString('base64')) },
    {
      format: 'JWK Set',
      bytes: Buffer.from(JSON.stringify({ keys: [{ ...jwk, use: 'enc', kid: 'other' }, jwk] })),
    },
  ]
}

function secretFiles(key: KeyObject): readonly WrittenKey[] {
  const secret = key.export()
  return [
    { format: 'raw bytes', bytes: secret },
    { format: 'raw bytes and LF', bytes: Buffer.concat([secret, Buffer.from('\n')]) },
    { format: 'raw bytes and CRLF', bytes: Buffer.concat([secret, Buffer.from('\r\n')]) },
    {
      format: 'raw bytes amid white space',
      bytes: Buffer.concat([Buffer.from(' \n'), secret, Buffer.from('\t\n\n')]),
    },
    { format: 'base64', bytes: Buffer.from(`${secret.toString('base64')}\n`) },
    { format: 'base64url', bytes: Buffer.from(secret.toString('base64url')) },
    { format: 'hex', bytes: Buffer.from(`${secret.toString('hex')}\n`) },
    { format: 'HEX', bytes: Buffer.from(secret.toString('hex').toUpperCase()) },
    { format: 'oct JWK', bytes: Buffer.from(JSON.stringify(key.export({ format: 'jwk' }))) },
  ]
}
