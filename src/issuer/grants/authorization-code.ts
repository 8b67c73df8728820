import { isRevoked, revokeGrant } from '../revocation.ts'
import { verifierProblem } from '../pkce.ts'
import { refusal } from '../refusal.ts'
import { grantTokens } from '../token-response.ts'
import type { GrantType } from './grant-type.ts'

/** How long a code may wait to be redeemed; RFC 6749 §4.1.2 recommends ten minutes at most. */
export const CODE_SECONDS = 300

/** A code from the authorization endpoint, once (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export const authorizationCode: GrantType = {
  answer: (provider, call, parameters, { client }) => {
    const code = parameters.get('code')
    if (code === undefined) return refusal('invalid_request', 'The code is missing.')
    const { codes } = provider.stores
    const issued = codes.get(code, provider.clock())
    if (issued === undefined || issued.grant.client.id !== client.id) {
      return refusal('invalid_grant', 'The code is unknown, has expired, or is not for this client.')
    }
    const { grant, request, used } = issued
    if (used || isRevoked(provider, grant.id)) {
      // Two parties hold it, and one of them stole it (RFC 6749 §4.1.2).
      revokeGrant(provider, grant)
      return refusal('invalid_grant', 'The code was used before; what it gave is revoked.')
    }
    const redirectUri = parameters.get('redirect_uri')
    if (
      (redirectUri !== undefined || request.namedRedirectUri) &&
      redirectUri !== request.target.redirectUri
    ) {
      return refusal('invalid_grant', 'The redirect_uri is not that of the authorization request.')
    }
    const problem = verifierProblem(request.challenge, parameters.get('code_verifier'))
    if (problem !== undefined) return problem
    codes.set(code, { ...issued, used: true }, provider.clock() + CODE_SECONDS * 1000)
    return grantTokens(provider, call, grant, { refresh: true, nonce: grant.nonce })
  },
}
