import { isPasswordOf } from '../directory.ts'
import { newGrant } from '../grant.ts'
import { jsonAnswer } from '../http-answer.ts'
import { readJsonBody } from '../json-body.ts'
import { nowSeconds } from '../provider.ts'
import { isRefusal, refusal, refusalAnswer, refusalMembers } from '../refusal.ts'
import { newRefreshToken } from '../token-response.ts'
import { makeAccessToken } from '../token-making.ts'
import type { Endpoint } from './endpoint.ts'

const SCOPE = 'openid profile email'

/**
 * A login as applications of their own have it: `{"email","password"}` gives `{"access_token","refresh_token",
 * "token_type","expires_in"}`. The tokens are for the first client, else `test-client`, which may refresh them.
 */
export const authLogin: Endpoint = {
  paths: ['/auth/login'],
  methods: ['POST'],
  cors: true,
  answer: async (provider, call) => {
    const body = readJsonBody(call.request)
    if (isRefusal(body)) return refusalAnswer(body)
    const { email, password } = body?.values ?? {}
    if (typeof email !== 'string' || typeof password !== 'string' || email === '')
      return refusalAnswer(INCOMPLETE)
    const { directory } = provider
    const person = directory.person(email)
    if (person === undefined || !isPasswordOf(person, password)) return jsonAnswer(401, refusalMembers(WRONG))
    const grant = newGrant({
      client: directory.firstClient(),
      person,
      scope: SCOPE,
      audience: [],
      authTime: nowSeconds(provider),
      nonce: undefined,
    })
    const { token, expiresInSeconds } = await makeAccessToken(provider, call, grant)
    return jsonAnswer(200, {
      access_token: token,
      refresh_token: newRefreshToken(provider, grant),
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
    })
  },
}

const INCOMPLETE = refusal('invalid_request', 'The content must have an email and a password, both strings.')
const WRONG = refusal('invalid_grant', 'The email or the password is wrong.')
