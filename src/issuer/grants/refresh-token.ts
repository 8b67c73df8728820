import { isRevoked, revokeGrant } from '../revocation.ts'
import { isRefusal, refusal } from '../refusal.ts'
import { narrowedScope, readRights } from '../request-scope.ts'
import { grantTokens } from '../token-response.ts'
import type { GrantType } from './grant-type.ts'

/**
 * A refresh token, which is exchanged for a new one each time; a token that comes back after that ends the whole
 * family (RFC 6749 §6, RFC 9700 §4.14.2). The ID token has the `auth_time` of the login and no `nonce` (OpenID Connect
 * Core §12.2).
 */
export const refreshToken: GrantType = {
  answer: (provider, call, parameters, { client }) => {
    const token = parameters.get('refresh_token')
    if (token === undefined) return refusal('invalid_request', 'The refresh_token is missing.')
    const { refreshTokens } = provider.stores
    const known = refreshTokens.get(token, provider.clock())
    if (known === undefined || known.grant.client.id !== client.id || isRevoked(provider, known.grant.id)) {
      return refusal('invalid_grant', 'The refresh_token is unknown, has ended, or is not for this client.')
    }
    const { grant, exp, used } = known
    if (used) {
      revokeGrant(provider, grant)
      return refusal('invalid_grant', 'The refresh_token was used before; all that came of it is revoked.')
    }
    const rights = readRights(parameters)
    if (isRefusal(rights)) return rights
    const scope = narrowedScope(grant.scope, rights.scope)
    if (isRefusal(scope)) return scope
    refreshTokens.set(token, { ...known, used: true }, exp * 1000)
    return grantTokens(provider, call, grant, { refresh: true, scope })
  },
}
