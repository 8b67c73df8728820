import type { HttpResponse } from '../../core/exchange.ts'
import { authenticateClient } from '../client-authentication.ts'
import { GRANTS } from '../grants/grant-types.ts'
import { jsonAnswer } from '../http-answer.ts'
import type { Call, Provider } from '../provider.ts'
import { isRefusal, refusal, refusalAnswer, type Refusal } from '../refusal.ts'
import { readForm } from '../request-parameters.ts'
import type { TokenResponse } from '../token-response.ts'
import type { Endpoint } from './endpoint.ts'

/** The token endpoint (RFC 6749 §3.2). */
export const token: Endpoint = {
  paths: ['/token'],
  methods: ['POST'],
  cors: true,
  answer: async (provider, call) => tokenAnswer(await granted(provider, call)),
}

/** The answer that hands out tokens, or says why not. */
export function tokenAnswer(outcome: TokenResponse | Refusal): HttpResponse {
  return isRefusal(outcome) ? refusalAnswer(outcome) : jsonAnswer(200, outcome)
}

async function granted(provider: Provider, call: Call): Promise<TokenResponse | Refusal> {
  const parameters = readForm(call.request)
  if (isRefusal(parameters)) return parameters
  const name = parameters.get('grant_type')
  if (name === undefined) return refusal('invalid_request', 'The grant_type is missing.')
  const grantType = GRANTS.get(name)
  if (grantType === undefined) return refusal('unsupported_grant_type', 'The grant_type is not supported.')
  const authenticated = (grantType.findClient ?? authenticateClient)(provider, call, parameters)
  if (isRefusal(authenticated)) return authenticated
  const { grants } = authenticated.client.settings
  if (grants !== undefined && !grants.includes(name)) {
    return refusal('unauthorized_client', 'The client may not use this grant_type.')
  }
  return grantType.answer(provider, call, parameters, authenticated)
}
