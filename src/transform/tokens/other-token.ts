import { base64urlBytes, claimsOf, type Jwt } from '../../core/jwt.ts'
import { isPlaceholder } from '../../core/placeholder.ts'

/** A kind of credential that is no JWT, and what can be done about it. */
interface OtherToken {
  readonly fits: (text: string) => boolean
  readonly said: string
}

const OTHERS: readonly OtherToken[] = [
  {
    fits: isPlaceholder,
    said: 'a placeholder of a redacted secret, which needs no signature',
  },
  {
    fits: isJwe,
    said: 'an encrypted token (JWE), which only its audience can read: record with tokens that are signed only, or set another value',
  },
  {
    fits: (text) => text.startsWith('AWS4-HMAC-SHA256 '),
    said: 'an AWS signature (SigV4), which the client makes anew for each request: nothing is to be done',
  },
  {
    fits: isSaml,
    said: 'a SAML message, whose XML signature reseal does not make: set the time of the test, or turn its check off there',
  },
  {
    fits: (text) => /^v[1-4]\.(?:local|public)\./.test(text),
    said: 'a PASETO, which reseal does not sign',
  },
  {
    fits: (text) => /^[A-Za-z0-9._~+/-]{16,}=*$/.test(text),
    said: 'an opaque token, which has no signature: it stays, and only its issuer could say that it expired',
  },
]

/** What a text is that looks like a credential and is no JWT; undefined for any other text. */
export function otherToken(text: string): string | undefined {
  const value = text.replace(/^(?:Bearer|DPoP|Basic) +/i, '').trim()
  // A longer text is a document.
  if (value.length > 100_000) return undefined
  return OTHERS.find(({ fits }) => fits(value))?.said
}

/**
 * What a token is bound to besides its signature (RFC 7800, RFC 9449 §6.1, RFC 8705 §3.1), and what follows from that;
 * undefined for one that is not. It is re-signed as any other, and the claim stays.
 */
export function boundToken(jwt: Jwt): string | undefined {
  const { cnf } = claimsOf(jwt)
  if (typeof cnf !== 'object' || cnf === null) return undefined
  if ('jkt' in cnf) {
    return "bound to the recorded client's DPoP key (cnf.jkt): a live client must have that key, or set the claim with jwt_claims"
  }
  if ('x5t#S256' in cnf) {
    return "bound to the recorded client's certificate (cnf.x5t#S256): a live client must have that one, or set the claim with jwt_claims"
  }
  return undefined
}

/** Five parts, and a header that names the encryption (RFC 7516 §7.1). */
function isJwe(text: string): boolean {
  const parts = text.split('.')
  const header = parts.length === 5 ? base64urlBytes(parts[0] ?? '') : undefined
  return header !== undefined && /"enc"\s*:/.test(Buffer.from(header).toString('latin1'))
}

/** XML of SAML as it is, or in base64 as the bindings carry it. */
function isSaml(text: string): boolean {
  const xml = text.startsWith('<') ? text : Buffer.from(text.slice(0, 4000), 'base64').toString('latin1')
  return xml.includes('urn:oasis:names:tc:SAML:')
}
