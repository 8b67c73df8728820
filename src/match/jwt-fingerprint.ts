import { hash } from 'node:crypto'
import { editMembers, scanJson } from '../core/json.ts'
import { findJwts, type Jwt } from '../core/jwt.ts'
import { canonicalJson } from './canonical-json.ts'

/** Claims that differ from one token to the next though they say the same of the same subject. */
const VOLATILE_CLAIMS: ReadonlySet<string> = new Set([
  'iat',
  'nbf',
  'exp',
  'jti',
  'auth_time',
  'at_hash',
  'c_hash',
  's_hash',
  'nonce',
])

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
export function jwtFingerprint(jwt: Jwt): string {
  const { text, object } = jwt.payload
  const lasting = editMembers(text, object, { set: new Map(), remove: VOLATILE_CLAIMS })
  const root = scanJson(lasting)
  const canonical = root && canonicalJson(lasting, root, 100)
  return hash('sha256', canonical ?? lasting, 'base64url')
}
