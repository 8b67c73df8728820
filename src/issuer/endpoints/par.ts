import { readAuthorization } from '../authorization-request.ts'
import { newSecret } from '../grant.ts'
import { jsonAnswer } from '../http-answer.ts'
import { isRefusal, refusal } from '../refusal.ts'
import type { RequestParameters } from '../request-parameters.ts'
import { PUSHED_PREFIX } from './authorize.ts'
import { clientEndpoint } from './client-endpoint.ts'

/** How long a browser may take to come with the request; the login page that follows has its own time. */
const PUSHED_SECONDS = 90

/** Takes an authorization request from the client itself, before the browser comes with it (RFC 9126). */
export const par = clientEndpoint('/par', (provider, call, { parameters, client }) => {
  if (parameters.get('request_uri') !== undefined) {
    return refusal('invalid_request', 'A request_uri cannot be pushed.')
  }
  const request = readAuthorization(provider.directory, ofClient(parameters, client.id))
  if (isRefusal(request)) return request
  if ('because' in request) return request.because
  const uri = PUSHED_PREFIX + newSecret()
  provider.stores.pushed.set(uri, request, provider.clock() + PUSHED_SECONDS * 1000)
  return jsonAnswer(201, { request_uri: uri, expires_in: PUSHED_SECONDS })
})

/** A client that authenticated need not name itself again in the form. */
function ofClient(parameters: RequestParameters, clientId: string): RequestParameters {
  return { ...parameters, get: (name) => (name === 'client_id' ? clientId : parameters.get(name)) }
}
