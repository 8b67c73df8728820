import { createSecretKey } from 'node:crypto'
import { memberOf } from '../core/json.ts'
import { claimsOf, parseJwt, type Jwt } from '../core/jwt.ts'
import { keyVerifies } from '../keys/signing-key.ts'
import type { Client } from './directory.ts'
import { audiencesOf, isWithinTimes, LEEWAY_SECONDS } from './jwt-times.ts'
import { nowSeconds, urlBelow, type Call, type Provider } from './provider.ts'
import { refusal, type OAuthErrorCode, type Refusal } from './refusal.ts'
import type { Claims } from './settings.ts'

/** An assertion that can be read; nothing of it is proven. */
export interface Assertion {
  readonly jwt: Jwt
  readonly claims: Claims
}

/** How far ahead an assertion may end: its `jti` must be kept until then. */
const LONGEST_SECONDS = 24 * 3600

/** @returns undefined when the text is no JWT, or one with rules that nobody knows (RFC 7515 §4.1.11) */
export function readAssertion(text: string): Assertion | undefined {
  const jwt = parseJwt(text)
  if (jwt === undefined || memberOf(jwt.header.object, 'crit') !== undefined) return undefined
  return { jwt, claims: claimsOf(jwt) }
}

/**
 * Whether the client's key made the signature. The client's keys decide about `alg`, not the token: an `alg` of the HS
 * family is checked with the client secret and with nothing else, every other with a public key of the client whose
 * own `alg`, where it has one, is the same (RFC 8725 §3.1). So a public key can never pass for a secret.
 */
export function isSignedBy(client: Client, { jwt }: Assertion): boolean {
  if (jwt.alg.startsWith('HS')) {
    const { secret } = client.settings
    return (
      secret !== undefined && secret !== '' && keyVerifies(createSecretKey(Buffer.from(secret)), jwt) === true
    )
  }
  const entries = client.keys?.entries ?? []
  return entries.some(
    (entry) =>
      (entry.alg === undefined || entry.alg === jwt.alg) &&
      (entry.kid === undefined || jwt.kid === undefined || entry.kid === jwt.kid) &&
      entry.verifies(jwt) === true,
  )
}

/**
 * Why an assertion's claims do not count, whoever signed it (RFC 7523 §3): `exp` must be there and near, `aud` must be
 * this issuer or the endpoint asked. Undefined when they do.
 * @param code with which to refuse
 */
export function claimProblem(
  provider: Provider,
  call: Call,
  { claims }: Assertion,
  code: OAuthErrorCode,
): Refusal | undefined {
  const now = nowSeconds(provider)
  const { exp } = claims
  if (typeof exp !== 'number' || !isWithinTimes(claims, now, LEEWAY_SECONDS)) {
    return refusal(code, 'The assertion has expired, is not valid yet, or does not say until when it is.')
  }
  if (exp > now + LONGEST_SECONDS) return refusal(code, 'The assertion is valid for more than a day.')
  const here = new Set([call.issuer, urlBelow(call.issuer, '/token'), urlBelow(call.issuer, pathOf(call))])
  return audiencesOf(claims).some((audience) => here.has(audience))
    ? undefined
    : refusal(code, 'The audience of the assertion is neither this issuer nor its token endpoint.')
}

/**
 * Notes that an assertion was used; refuses it the second time (RFC 7523 §3). To be called last, when all else is right.
 */
export function replayProblem(
  provider: Provider,
  owner: string,
  { claims }: Assertion,
  code: OAuthErrorCode,
): Refusal | undefined {
  const { jti, exp } = claims
  if (jti === undefined) return undefined
  if (typeof jti !== 'string' || jti === '') return refusal(code, 'The jti of the assertion is not a string.')
  const { assertions } = provider.stores
  const name = JSON.stringify([owner, jti])
  if (assertions.get(name, provider.clock()) !== undefined) {
    return refusal(code, 'The assertion was used before.')
  }
  const until = typeof exp === 'number' ? exp : nowSeconds(provider) + LONGEST_SECONDS
  assertions.set(name, true, (until + LEEWAY_SECONDS + 1) * 1000)
  return undefined
}

/** The path of the endpoint below the issuer, which clients may name as audience too. */
function pathOf({ request }: Call): string {
  const [path = ''] = request.target.split('?')
  return path.slice(path.lastIndexOf('/'))
}
