import { headerValues } from '../../core/headers.ts'
import type { Client } from '../directory.ts'
import { isRevoked } from '../revocation.ts'
import { bytesAnswer, jsonAnswer } from '../http-answer.ts'
import { readLiveToken } from '../own-token.ts'
import { nowSeconds, type Call, type Provider } from '../provider.ts'
import { refusal } from '../refusal.ts'
import type { Claims } from '../settings.ts'
import { subjectOf } from '../token-making.ts'
import { clientEndpoint } from './client-endpoint.ts'

/** What a token is worth, as JSON (RFC 7662) or, where the caller accepts it, as a signed JWT (RFC 9701). */
export const introspect = clientEndpoint('/introspect', (provider, call, { parameters, client, method }) => {
  // Without it, anybody could try tokens out (RFC 7662 §2.1).
  if (method === 'none') return UNPROVEN
  const token = parameters.get('token')
  if (token === undefined) return refusal('invalid_request', 'The token is missing.')
  const found = introspected(provider, call, token)
  return wantsJwt(call) ? signed(provider, call, client, found) : jsonAnswer(200, found)
})

const UNPROVEN = refusal('invalid_client', 'The caller must prove which client it is.')
const JWT_TYPE = 'application/token-introspection+jwt'

/** Of a token that is not good, nothing is told (RFC 7662 §2.2). */
const INACTIVE: Claims = { active: false }

function introspected(provider: Provider, call: Call, token: string): Claims {
  return refreshToken(provider, call, token) ?? anyToken(provider, call, token) ?? INACTIVE
}

function anyToken(provider: Provider, call: Call, token: string): Claims | undefined {
  const own = readLiveToken(provider, call, token)
  if (own === undefined) return undefined
  const { active: _, ...claims } = own.claims
  const { sub } = claims
  const person =
    typeof sub === 'string' && sub !== claims['client_id'] ? provider.directory.person(sub) : undefined
  const username = person?.settings.username ?? person?.settings.email
  const isAccessToken = own.typ === undefined || own.typ === 'at+jwt'
  return {
    active: true,
    ...claims,
    ...(username !== undefined && { username }),
    ...(isAccessToken && { token_type: 'Bearer' }),
  }
}

function refreshToken(provider: Provider, { issuer }: Call, token: string): Claims | undefined {
  const known = provider.stores.refreshTokens.get(token, provider.clock())
  if (known === undefined || known.used || isRevoked(provider, known.grant.id)) return undefined
  const { grant, exp } = known
  return {
    active: true,
    iss: issuer,
    sub: subjectOf(grant),
    client_id: grant.client.id,
    ...(grant.scope !== '' && { scope: grant.scope }),
    exp,
  }
}

function wantsJwt({ request }: Call): boolean {
  return headerValues(request.headers, 'accept')
    .flatMap((value) => value.split(','))
    .some((value) => value.split(';')[0]?.trim().toLowerCase() === JWT_TYPE)
}

async function signed(
  provider: Provider,
  { issuer }: Call,
  { id }: Client,
  found: Claims,
): Promise<ReturnType<typeof bytesAnswer>> {
  const claims = { iss: issuer, aud: id, iat: nowSeconds(provider), token_introspection: found }
  const jwt = await provider.minter.sign(claims, { header: { typ: 'token-introspection+jwt' } })
  return bytesAnswer(200, Buffer.from(jwt), JWT_HEADERS)
}

const JWT_HEADERS = [
  ['Content-Type', JWT_TYPE],
  ['Cache-Control', 'no-store'],
  ['Pragma', 'no-cache'],
] as const
