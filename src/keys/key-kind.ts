import type { KeyObject } from 'node:crypto'

/** OpenSSL's names of the curves that JOSE names otherwise (RFC 7518 §6.2.1.1). */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** What kind of key this is, for people: `RSA 2048`, `P-256`, `Ed25519`, `HMAC`. Never anything of the key itself. */
export function keyKind(key: KeyObject): string {
  if (key.type === 'secret') return 'HMAC'
  const { modulusLength, namedCurve, hashAlgorithm } = key.asymmetricKeyDetails ?? {}
  const type = key.asymmetricKeyType ?? 'unknown'
  if (type === 'rsa') return `RSA ${modulusLength}`
  if (type === 'rsa-pss') {
    return `RSA-PSS ${modulusLength}${hashAlgorithm === undefined ? '' : ` (${hashAlgorithm} only)`}`
  }
  if (type === 'ec') return CURVES.get(namedCurve ?? '') ?? namedCurve ?? 'EC'
  return type.startsWith('ed') ? `Ed${type.slice(2)}` : type.toUpperCase()
}
