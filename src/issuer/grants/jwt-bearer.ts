import { claimProblem, isSignedBy, readAssertion, replayProblem, type Assertion } from '../assertion.ts'
import { headerValue } from '../../core/headers.ts'
import type { Client } from '../directory.ts'
import { newGrant } from '../grant.ts'
import { readOwnJwt } from '../own-token.ts'
import type { Call, Provider } from '../provider.ts'
import { isRefusal, refusal, type Refusal } from '../refusal.ts'
import type { RequestParameters } from '../request-parameters.ts'
import { readRights } from '../request-scope.ts'
import { authenticateClient } from '../client-authentication.ts'
import { grantTokens } from '../token-response.ts'
import type { GrantType } from './grant-type.ts'

/**
 * An assertion about a user (RFC 7523 §2.1), signed by the client's key or secret, or by this issuer. The client may
 * leave out its own proof: then it is the assertion's `iss`. Where no client is configured any signature is taken.
 */
export const jwtBearer: GrantType = {
  findClient: (provider, call, parameters) => {
    if (showsItself(call, parameters)) return authenticateClient(provider, call, parameters)
    const assertion = assertionIn(parameters)
    if (isRefusal(assertion)) return assertion
    const client = provider.directory.client(assertion.iss)
    return client === undefined
      ? refusal('invalid_client', 'The issuer of the assertion is no client here.')
      : { client, method: 'none' }
  },
  answer: (provider, call, parameters, { client }) => {
    const assertion = assertionIn(parameters)
    if (isRefusal(assertion)) return assertion
    const { iss, sub } = assertion
    if (!isTrusted(provider, call, client, assertion)) {
      return refusal('invalid_grant', 'The assertion is not signed by a key that may sign it.')
    }
    const person = provider.directory.person(sub)
    if (person === undefined) return refusal('invalid_grant', 'The assertion is about nobody known here.')
    const rights = readRights(parameters)
    if (isRefusal(rights)) return rights
    const problem =
      claimProblem(provider, call, assertion, 'invalid_grant') ??
      replayProblem(provider, iss, assertion, 'invalid_grant')
    if (problem !== undefined) return problem
    const grant = newGrant({ ...rights, client, person, authTime: undefined, nonce: undefined })
    return grantTokens(provider, call, grant)
  },
}

interface UserAssertion extends Assertion {
  readonly iss: string
  readonly sub: string
}

function assertionIn(parameters: RequestParameters): UserAssertion | Refusal {
  const text = parameters.get('assertion')
  if (text === undefined) return refusal('invalid_request', 'The assertion is missing.')
  const assertion = readAssertion(text)
  if (assertion === undefined) return refusal('invalid_grant', 'The assertion is not a JWT.')
  const { iss, sub } = assertion.claims
  if (typeof iss !== 'string' || typeof sub !== 'string' || iss === '' || sub === '') {
    return refusal('invalid_grant', 'The assertion does not say who it is from and about (iss, sub).')
  }
  return { ...assertion, iss, sub }
}

/** Whether the request holds a proof of the client beside the assertion. */
function showsItself({ request }: Call, parameters: RequestParameters): boolean {
  return (
    ['client_id', 'client_secret', 'client_assertion'].some((name) => parameters.get(name) !== undefined) ||
    headerValue(request.headers, 'authorization') !== undefined
  )
}

function isTrusted(provider: Provider, call: Call, client: Client, assertion: UserAssertion): boolean {
  if (client.anyone || (assertion.iss === client.id && isSignedBy(client, assertion))) return true
  // An access token of ours is no assertion, though its audience may be this issuer (RFC 8725 §3.11).
  const own = readOwnJwt(provider, call, assertion.jwt.token)
  return own?.typ === 'jwt' && !own.keyExpired
}
