import type { EpochSeconds } from '../core/time.ts'
import { halfHash } from '../keys/algorithms.ts'
import type { Client, Person } from './directory.ts'
import { newSecret, newTokenId, type Grant } from './grant.ts'
import { nowSeconds, type Call, type Provider } from './provider.ts'
import type { Claims } from './settings.ts'

/** An access token, and how long it lives. */
export interface AccessToken {
  readonly token: string
  readonly expiresInSeconds: number
}

/**
 * An access token: a JWT as RFC 9068 §2.2 has it, or an opaque one that introspection knows.
 * @param extra claims beside the usual ones, such as `act`
 */
export async function makeAccessToken(
  provider: Provider,
  call: Call,
  grant: Grant,
  extra?: Claims,
): Promise<AccessToken> {
  const now = nowSeconds(provider)
  const claims = accessClaims(provider, call.issuer, grant, now, extra)
  const exp = claims['exp']
  const expiresInSeconds = typeof exp === 'number' ? exp - now : provider.settings.accessTokenSeconds
  if ((grant.client.settings.accessTokens ?? provider.settings.accessTokens) === 'opaque') {
    const token = newSecret()
    provider.stores.opaqueTokens.set(token, claims, (now + expiresInSeconds) * 1000)
    return { token, expiresInSeconds }
  }
  const tamper = provider.tampers.take(call.endpoint, 'access')
  return {
    token: await provider.minter.sign(claims, { header: ACCESS_TOKEN_HEADER, tamper }),
    expiresInSeconds,
  }
}

/** RFC 9068 §2.1. */
const ACCESS_TOKEN_HEADER = { typ: 'at+jwt' }

/** What an ID token vouches for besides the person. */
export interface IdTokenFacts {
  readonly nonce?: string | undefined
  readonly accessToken?: string | undefined
  readonly code?: string | undefined
}

/** An ID token (OpenID Connect Core §2), with `at_hash` and `c_hash` of what travels beside it (§3.3.2.11). */
export function makeIdToken(
  provider: Provider,
  call: Call,
  grant: Grant,
  { nonce, accessToken, code }: IdTokenFacts,
): Promise<string> {
  const now = nowSeconds(provider)
  const { alg, kid, key } = provider.minter.signer()
  const curve = key.publicJwk?.kty === 'OKP' && key.publicJwk.crv === 'Ed448' ? 'Ed448' : 'Ed25519'
  const claims: Claims = {
    iss: call.issuer,
    sub: subjectOf(grant),
    aud: grant.client.id,
    iat: now,
    exp: now + provider.settings.idTokenSeconds,
    ...(grant.authTime !== undefined && { auth_time: grant.authTime }),
    ...(nonce !== undefined && { nonce }),
    ...(accessToken !== undefined && { at_hash: halfHash(alg, accessToken, curve) }),
    ...(code !== undefined && { c_hash: halfHash(alg, code, curve) }),
  }
  const tamper = provider.tampers.take(call.endpoint, 'id')
  return provider.minter.sign(withTemplates(provider, call.issuer, grant, 'idToken', claims), { kid, tamper })
}

/** `sub`: the person, or the client where it acts for itself (RFC 9068 §2.2). */
export function subjectOf({
  person,
  client,
}: {
  readonly person: Person | undefined
  readonly client: Client
}): string {
  return person?.sub ?? client.id
}

/** The claims of an access token (RFC 9068 §2.2), templates filled in. */
export function accessClaims(
  provider: Provider,
  issuer: string,
  grant: Grant,
  now: EpochSeconds,
  extra: Claims | undefined,
): Claims {
  const claims: Claims = {
    iss: issuer,
    sub: subjectOf(grant),
    aud: audienceOf(provider, issuer, grant),
    client_id: grant.client.id,
    ...(grant.scope !== '' && { scope: grant.scope }),
    ...(grant.authTime !== undefined && { auth_time: grant.authTime }),
    iat: now,
    exp: now + provider.settings.accessTokenSeconds,
    jti: newTokenId(grant),
    ...extra,
  }
  return withTemplates(provider, issuer, grant, 'accessToken', claims)
}

/** What the request asked for, else what client or issuer are configured for, else the issuer itself. */
function audienceOf(
  { settings }: Provider,
  issuer: string,
  { audience, client }: Grant,
): string | readonly string[] {
  const [only] = audience
  if (only !== undefined) return audience.length === 1 ? only : audience
  return client.settings.audience ?? settings.audience ?? issuer
}

function withTemplates(
  { claimBook }: Provider,
  issuer: string,
  grant: Grant,
  target: 'accessToken' | 'idToken',
  claims: Claims,
): Claims {
  const added = claimBook.claimsFor(target, {
    client: grant.client,
    person: grant.person,
    scope: grant.scope,
    values: { iss: issuer, sub: claims['sub'] },
  })
  return added === undefined ? claims : { ...claims, ...added }
}
