import { readClientForm } from '../client-authentication.ts'
import { revokeGrant, revokeTokenId } from '../revocation.ts'
import { emptyAnswer } from '../http-answer.ts'
import { readLiveToken } from '../own-token.ts'
import type { Call, Provider } from '../provider.ts'
import { isRefusal, refusal, refusalAnswer, type Refusal } from '../refusal.ts'
import type { Endpoint } from './endpoint.ts'

/** Ends a token: 200 also for one that nobody knows, since it is worth nothing either way (RFC 7009 §2.2). */
export const revoke: Endpoint = {
  paths: ['/revoke'],
  methods: ['POST'],
  cors: true,
  answer: (provider, call) => {
    const form = readClientForm(provider, call)
    if (isRefusal(form)) return refusalAnswer(form)
    const { parameters, client } = form
    const token = parameters.get('token')
    if (token === undefined) return refusalAnswer(refusal('invalid_request', 'The token is missing.'))
    const problem = revokeToken(provider, call, token, client.id)
    return problem === undefined ? emptyAnswer(200) : refusalAnswer(problem)
  },
}

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
