import type { KeyObject, X509Certificate } from 'node:crypto'

/**
 * The certificates that prove a key, leaf first, each followed by its issuer, as `x5c` wants them (RFC 7517 §4.7).
 * @param certificates in any order, of any key
 * @returns empty when none holds this key
 */
export function certificateChain(
  key: KeyObject,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  let next = certificates.find((certificate) => certificate.checkPrivateKey(key))
  while (next !== undefined) {
    chain.push(next)
    const last = next
    next = certificates.find((certificate) => !chain.includes(certificate) && last.checkIssued(certificate))
  }
  return chain
}

/** `x5c`, `x5t` and `x5t#S256` of a chain (RFC 7517 §4.7-§4.9): standard base64 there, base64url of digests here. */
export function certificateMembers(
  chain: readonly X509Certificate[],
): ReadonlyMap<string, string | readonly string[]> {
  const [leaf] = chain
  if (leaf === undefined) return new Map()
  return new Map<string, string | readonly string[]>([
    ['x5c', chain.map((certificate) => certificate.raw.toString('base64'))],
    ['x5t', digestOf(leaf.fingerprint)],
    ['x5t#S256', digestOf(leaf.fingerprint256)],
  ])
}

/** From `AA:BB:…`. */
function digestOf(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url')
}
