import { hash } from 'node:crypto'
import { findJwts, MAX_CLAIMS_DEPTH, type Jwt } from '../core/jwt.ts'
import { canonicalJson } from './canonical-json.ts'
import { atRoot } from './json-pattern.ts'

/** Claims that differ from one token to the next though they say the same of the same subject. */
const VOLATILE_CLAIMS = ['iat', 'nbf', 'exp', 'jti', 'auth_time', 'at_hash', 'c_hash', 's_hash', 'nonce']

const LASTING = { ignored: atRoot([[{ deep: false, names: VOLATILE_CLAIMS }]]) }

/** Begins what stands for a JWT; a lone surrogate, which no request can say. */
const JWT_MARK = '\ud800jwt:'

/**
 * The text with each JWT replaced by what it says, so that a token reseal re-signed is recognised when the service
 * sends it back.
 */
export function jwtsAsClaims(text: string): string {
  if (!text.includes('.e')) return text
  let done = 0
  let result = ''
  for (const { start, end, jwt } of findJwts(text)) {
    result += `${text.slice(done, start)}${JWT_MARK}${jwtFingerprint(jwt)}`
    done = end
  }
  return done === 0 ? text : result + text.slice(done)
}

/** SHA-256 over the claims that last, in base64url. */
export function jwtFingerprint({ payload: { text } }: Jwt): string {
  return hash('sha256', canonicalJson(text, MAX_CLAIMS_DEPTH, LASTING) ?? text, 'base64url')
}
