import type { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type { TlsIdentity } from '../../core/tls-identity.ts'
import { keepSecret, keptSecret } from '../files/kept-secret.ts'
import type { SecretFile, Secrets } from '../files/secrets.ts'
import { loadX509 } from './x509.ts'

/** An identity that reseal made, and the certificate that clients have to trust. */
export interface MadeIdentity extends TlsIdentity {
  /** Absolute path of the authority's certificate. */
  readonly authorityFile: string
}

const AUTHORITY_KEY = 'generated/tls/ca.key'
const AUTHORITY_CERTIFICATE = 'generated/tls/ca.crt'
const CURVE = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3650
/** Longer ones are refused by Apple's clients, whoever signed them. */
const LISTENER_DAYS = 397
/** Clocks of clients and containers differ. */
const BACKDATED_MS = DAY_MS

/**
 * A certificate for listeners on these hosts, and for localhost, 127.0.0.1 and ::1, made anew each time. It is signed by
 * an authority that is made once, kept below the secrets directory, and constrained to sign for nothing but servers.
 * @throws ResealError SECRET_*
 */
export async function listenerIdentity(secrets: Secrets, hosts: readonly string[]): Promise<MadeIdentity> {
  const x509 = await loadX509()
  const authorityKey = await keptKey(secrets)
  const kept = keptSecret(secrets, AUTHORITY_CERTIFICATE) ?? (await keepAuthority(secrets, authorityKey))
  const authority = new x509.X509Certificate(textOf(kept))
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts.filter(isNameable)])]
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=reseal listener',
    issuer: authority.subject,
    ...validity(LISTENER_DAYS),
    signingAlgorithm: CURVE,
    publicKey: keys.publicKey,
    signingKey: authorityKey.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: pemOf(await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
    authorityFile: kept.path,
  }
}

/** Two processes that make the authority at once both go on with the key of one of them. */
async function keptKey(secrets: Secrets): Promise<webcrypto.CryptoKeyPair> {
  const x509 = await loadX509()
  const kept = keptSecret(secrets, AUTHORITY_KEY) ?? keepSecret(secrets, AUTHORITY_KEY, await newKey())
  const pkcs8 = x509.PemConverter.decodeFirst(textOf(kept))
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, CURVE, true, ['sign'])
  const { d: _, key_ops: __, ...publicJwk } = await crypto.subtle.exportKey('jwk', privateKey)
  const publicKey = await crypto.subtle.importKey('jwk', publicJwk, CURVE, true, ['verify'])
  return { privateKey, publicKey }
}

async function newKey(): Promise<Uint8Array> {
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  return Buffer.from(pemOf(await crypto.subtle.exportKey('pkcs8', keys.privateKey)))
}

async function keepAuthority(secrets: Secrets, keys: webcrypto.CryptoKeyPair): Promise<SecretFile> {
  const x509 = await loadX509()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=reseal test authority',
    ...validity(AUTHORITY_DAYS),
    signingAlgorithm: CURVE,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return keepSecret(secrets, AUTHORITY_CERTIFICATE, Buffer.from(`${certificate.toString('pem')}\n`))
}

/** Addresses that stand for every address of the machine name none. */
function isNameable(host: string): boolean {
  return host !== '0.0.0.0' && host !== '::' && !host.includes('%')
}

function validity(days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const nowMs = Date.now()
  return {
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + days * DAY_MS - BACKDATED_MS),
  }
}

/** 127 random bits, positive (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function pemOf(pkcs8: ArrayBuffer): string {
  const lines =
    Buffer.from(pkcs8)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}

function textOf({ bytes }: SecretFile): string {
  return Buffer.from(bytes).toString('latin1')
}
