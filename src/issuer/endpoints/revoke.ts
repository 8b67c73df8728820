import { revokeGrant, revokeTokenId } from '../revocation.ts'
import { emptyAnswer } from '../http-answer.ts'
import { readLiveToken } from '../own-token.ts'
import type { Call, Provider } from '../provider.ts'
import { refusal, type Refusal } from '../refusal.ts'
import { clientEndpoint } from './client-endpoint.ts'

/** Ends a token: 200 also for one that nobody knows, since it is worth nothing either way (RFC 7009 §2.2). */
export const revoke = clientEndpoint('/revoke', (provider, call, { parameters, client }) => {
  const token = parameters.get('token')
  if (token === undefined) return refusal('invalid_request', 'The token is missing.')
  return revokeToken(provider, call, token, client.id) ?? emptyAnswer(200)
})

const NOT_YOURS = refusal('invalid_request', 'The token was not issued to this client.')

function revokeToken(provider: Provider, call: Call, token: string, clientId: string): Refusal | undefined {
  const { refreshTokens, opaqueTokens } = provider.stores
  const refresh = refreshTokens.get(token, provider.clock())
  if (refresh !== undefined) {
    if (refresh.grant.client.id !== clientId) return NOT_YOURS
    // The access tokens of the same grant end with it (RFC 7009 §2.1).
    revokeGrant(provider, refresh.grant)
    return undefined
  }
  const own = readLiveToken(provider, call, token)
  if (own === undefined) return undefined
  if (own.claims['client_id'] !== clientId) return NOT_YOURS
  const { jti } = own.claims
  opaqueTokens.delete(token)
  if (typeof jti === 'string') revokeTokenId(provider, jti)
  return undefined
}
