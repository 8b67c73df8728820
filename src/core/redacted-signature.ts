import { createHash } from 'node:crypto'
import { base64urlBytes } from './jwt.ts'

/**
 * What stands in a snapshot for the signature of a JWT: as long as the signature, and canonical base64url, so that the
 * token is still one. `redacted-signature------A`, or, where one key gives one signature, the hash of what was there:
 * `redacted-SHA256-<43 characters>------A`, by which a mounted key can be told to be the one that signed.
 */
const PLAIN = 'redacted-signature'
const HASHED = 'redacted-SHA256-'
/** A SHA-256 in base64url. */
const HASH_CHARS = 43

/** Algorithms that sign the same bytes the same way each time (RFC 8017 §8.2, RFC 8032 §5) with a key nobody guesses. */
const DETERMINISTIC: ReadonlySet<string> = new Set(['RS256', 'RS384', 'RS512', 'EdDSA', 'Ed25519', 'Ed448'])

/**
 * The placeholder of a signature.
 * @param signature in base64url; one that was cut off is replaced as well
 */
export function redactedSignature(alg: string, signature: string): string {
  const bytes = DETERMINISTIC.has(alg) ? base64urlBytes(signature) : undefined
  return spelt(signature.length, bytes && hashOf(bytes))
}

/** Whether this last part of a token is a {@link redactedSignature}. */
export function isRedactedSignature(signature: string): boolean {
  if (!signature.endsWith('A')) return false
  if (signature === spelt(signature.length, undefined)) return true
  return signature === spelt(signature.length, hashIn(signature))
}

/** Whether a signature is the one that a placeholder was made from; undefined where the placeholder does not tell. */
export function wasSignature(placeholder: string, signature: Uint8Array): boolean | undefined {
  const hash = hashIn(placeholder)
  return hash === undefined ? undefined : hash === hashOf(signature)
}

/** The last part of a compact token. */
export function signaturePart(token: string): string {
  return token.slice(token.lastIndexOf('.') + 1)
}

function hashIn(placeholder: string): string | undefined {
  if (!placeholder.startsWith(HASHED) || placeholder.length <= HASHED.length + HASH_CHARS) return undefined
  return placeholder.slice(HASHED.length, HASHED.length + HASH_CHARS)
}

/** An `A` at the end leaves no bits over, whatever the length (RFC 4648 §3.5). */
function spelt(length: number, hash: string | undefined): string {
  if (length === 0) return ''
  const mark = hash !== undefined && length > HASHED.length + HASH_CHARS ? HASHED + hash : PLAIN
  return `${(mark + '-'.repeat(length)).slice(0, length - 1)}A`
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url')
}
