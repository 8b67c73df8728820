import type { HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { authorizationAnswer } from './authorization-response.ts'
import { CODE_SECONDS } from './grants/authorization-code.ts'
import { newGrant, newSecret, type Grant } from './grant.ts'
import type { Call, Provider, Session } from './provider.ts'
import { makeAccessToken, makeIdToken } from './token-making.ts'

/** Gives a client what it asked for, now that a person is logged in (OpenID Connect Core §3.1.2.5, §3.2.2.5, §3.3.2.5). */
export async function completeAuthorization(
  provider: Provider,
  call: Call,
  request: AuthorizationRequest,
  { person, authTime }: Session,
  headers: RawHeaders = [],
): Promise<HttpResponse> {
  const { client, scope, audience, nonce, parts, target } = request
  const grant = newGrant({ client, person, scope, audience, authTime, nonce })
  const code = parts.has('code') ? newCode(provider, grant, request) : undefined
  const access = parts.has('token') ? await makeAccessToken(provider, call, grant) : undefined
  const idToken = parts.has('id_token')
    ? await makeIdToken(provider, call, grant, { nonce, code, accessToken: access?.token })
    : undefined
  return authorizationAnswer(
    call,
    target,
    {
      code,
      access_token: access?.token,
      token_type: access && 'Bearer',
      expires_in: access && String(access.expiresInSeconds),
      scope: access && (scope === '' ? undefined : scope),
      id_token: idToken,
    },
    headers,
  )
}

function newCode(provider: Provider, grant: Grant, request: AuthorizationRequest): string {
  const code = newSecret()
  const until = provider.clock() + CODE_SECONDS * 1000
  provider.stores.codes.set(code, { grant, request, used: false }, until)
  return code
}
