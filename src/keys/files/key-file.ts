import { certificateChain } from '../certificate-chain.ts'
import { bareCandidate, type KeyCandidate } from './key-candidate.ts'
import { keysOfJson } from './jwk-file.ts'
import { base64Bytes, keyText } from './key-text.ts'
import { readPem } from './pem.ts'
import {
  certificateOfDer,
  kindOfDer,
  looksLikeDer,
  privateKeyOfDer,
  privateKeyOfPem,
  type KeyOrigin,
} from './private-key.ts'
import type { SecretFile } from './secrets.ts'
import { unusableKey, type UnusableKey } from './unusable-key.ts'

/** What a mounted file turned out to be. */
export type KeyFile = {
  /** What was normalised, as sentences without full stop. */
  readonly notes: readonly string[]
} & (
  | { readonly kind: 'keys'; readonly keys: readonly KeyCandidate[] }
  /** Nothing else fits, so these bytes are an HMAC secret, in an encoding yet to be found. */
  | { readonly kind: 'secret'; readonly bytes: Uint8Array }
)

export interface KeyFileOptions {
  /** Opens encrypted PEM and DER. */
  readonly passphrase?: Uint8Array | undefined
}

/**
 * Reads a key in whatever form it was mounted: PEM (PKCS#8, PKCS#1, SEC1, encrypted, beside certificates), DER, JWK,
 * JWK Set, or the bytes of an HMAC secret. What is a key, or a damaged one, is never taken for an HMAC secret.
 * @throws ResealError KEY_INVALID naming the format when no key can come of it
 */
export function parseKeyFile(file: SecretFile, options: KeyFileOptions = {}): KeyFile {
  const origin: KeyOrigin = { name: file.name, passphrase: options.passphrase }
  const binary = binaryKeyFile(file.bytes, origin)
  if (binary !== undefined) return binary
  const { text, notes: wrappings } = keyText(file.bytes)
  const notes = wrappings.map((note) => `${file.name} ${note}`)
  if (text.includes('-----BEGIN')) return pemKeyFile(text, notes, origin)
  const foreign = FOREIGN_TEXTS.find(({ pattern }) => pattern.test(text))
  if (foreign !== undefined) throw unusableKey(foreign.kind, file.name)
  if (/^\s*\{/.test(text)) return { kind: 'keys', keys: keysOfJson(text, file.name), notes }
  return bareBase64KeyFile(text, origin) ?? { kind: 'secret', bytes: file.bytes, notes: [] }
}

const JAVA_KEYSTORE_MAGIC = [0xfe, 0xed, 0xfe, 0xed]

/** The smallest private key, Ed25519 in PKCS#8, has 48 bytes: a shorter sequence is a secret that looks like one. */
const SMALLEST_KEY_BYTES = 48

const FOREIGN_TEXTS: readonly { readonly pattern: RegExp; readonly kind: UnusableKey }[] = [
  { pattern: /^PuTTY-User-Key-File-/, kind: 'putty' },
  { pattern: /^(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\S+) AAAA/, kind: 'publicKey' },
]

function binaryKeyFile(bytes: Uint8Array, origin: KeyOrigin): KeyFile | undefined {
  if (bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) {
    throw unusableKey('empty', origin.name)
  }
  if (JAVA_KEYSTORE_MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw unusableKey('javaKeystore', origin.name)
  }
  if (!looksLikeDer(bytes)) return undefined
  const key = privateKeyOfDer(bytes, origin)
  if (key !== undefined) return { kind: 'keys', keys: [bareCandidate(key)], notes: [] }
  const kind = kindOfDer(bytes)
  if (kind === 'brokenDer' && bytes.length < SMALLEST_KEY_BYTES) return undefined
  throw unusableKey(kind, origin.name)
}

function pemKeyFile(text: string, wrappings: readonly string[], origin: KeyOrigin): KeyFile {
  const { blocks, broken, notes } = readPem(text)
  const certificates = blocks
    .filter(({ label }) => label.endsWith('CERTIFICATE'))
    .flatMap(({ der }) => certificateOfDer(der) ?? [])
  const keys = blocks
    .filter(({ label }) => label.endsWith('PRIVATE KEY') && label !== 'OPENSSH PRIVATE KEY')
    .flatMap((block) => privateKeyOfPem(block, origin) ?? [])
    .map((key) => bareCandidate(key, certificateChain(key, certificates)))
  if (keys.length === 0)
    throw unusableKey(
      kindOfPem(
        blocks.map(({ label }) => label),
        broken,
      ),
      origin.name,
    )
  return { kind: 'keys', keys, notes: [...wrappings, ...notes.map((note) => `${origin.name} ${note}`)] }
}

/** What PEM that holds no private key is instead. */
function kindOfPem(labels: readonly string[], broken: readonly string[]): UnusableKey {
  const all = [...labels, ...broken]
  if (all.includes('OPENSSH PRIVATE KEY')) return 'openssh'
  if (all.some((label) => label.startsWith('PGP '))) return 'pgp'
  if (all.some((label) => label.endsWith('PRIVATE KEY')) || broken.length > 0) return 'brokenPem'
  const otherwise = labels.length > 0 ? 'otherPem' : 'brokenPem'
  if (labels.some((label) => label.endsWith('PUBLIC KEY'))) return 'publicKey'
  return labels.some((label) => label.endsWith('CERTIFICATE')) ? 'certificate' : otherwise
}

/** A private key in base64 without PEM lines, as Java programs keep it; any other base64 is left for HMAC. */
function bareBase64KeyFile(text: string, origin: KeyOrigin): KeyFile | undefined {
  const der = base64Bytes(text)
  if (der === undefined || !looksLikeDer(der)) return undefined
  const key = privateKeyOfDer(der, origin)
  if (key === undefined) return undefined
  return {
    kind: 'keys',
    keys: [bareCandidate(key)],
    notes: [`${origin.name} is a key in base64 without PEM lines`],
  }
}
