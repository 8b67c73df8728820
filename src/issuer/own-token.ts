import { claimsOf, headerOf, parseJwt } from '../core/jwt.ts'
import { isRevoked } from './revocation.ts'
import { isWithinTimes } from './jwt-times.ts'
import { nowSeconds, type Call, type Provider } from './provider.ts'
import type { Claims } from './settings.ts'

/** A token that this issuer made. */
export interface OwnToken {
  readonly claims: Claims
  /** `typ` of the header in lower case without `application/` (RFC 7515 §4.1.9); undefined for opaque tokens. */
  readonly typ: string | undefined
  /** Its key has left the JWKS, so that nobody should trust it any more. */
  readonly keyExpired: boolean
}

/**
 * A JWT that a key of this issuer signed, in its own name; whether it is still good is for the caller. The key decides
 * about `alg`, never the token alone.
 */
export function readOwnJwt(provider: Provider, call: Call, token: string): OwnToken | undefined {
  const jwt = parseJwt(token)
  const key = jwt && provider.ring.verify(jwt, nowSeconds(provider))
  if (jwt === undefined || key === undefined) return undefined
  const claims = claimsOf(jwt)
  const { typ } = headerOf(jwt)
  if (claims['iss'] !== call.issuer && claims['iss'] !== provider.settings.issuer) return undefined
  return {
    claims,
    keyExpired: key.state === 'expired',
    typ: typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : 'jwt',
  }
}

/** A token of this issuer, opaque or JWT, that is within its times and was not revoked. */
export function readLiveToken(provider: Provider, call: Call, token: string): OwnToken | undefined {
  const opaque = provider.stores.opaqueTokens.get(token, provider.clock())
  const own =
    opaque === undefined
      ? readOwnJwt(provider, call, token)
      : { claims: opaque, typ: undefined, keyExpired: false }
  return own !== undefined && !own.keyExpired && isLive(provider, own.claims) ? own : undefined
}

/** As {@link readLiveToken}, for access tokens only: an ID token is none (RFC 9068 §4). */
export function readAccessToken(provider: Provider, call: Call, token: string): OwnToken | undefined {
  const own = readLiveToken(provider, call, token)
  return own?.typ === undefined || own.typ === 'at+jwt' ? own : undefined
}

function isLive(provider: Provider, claims: Claims): boolean {
  const { jti } = claims
  return isWithinTimes(claims, nowSeconds(provider)) && !(typeof jti === 'string' && isRevoked(provider, jti))
}
