import { isPasswordOf } from '../directory.ts'
import { newGrant } from '../grant.ts'
import { nowSeconds } from '../provider.ts'
import { isRefusal, refusal } from '../refusal.ts'
import { readRights } from '../request-scope.ts'
import { grantTokens } from '../token-response.ts'
import type { GrantType } from './grant-type.ts'

/** The user's name and password, given to the client (RFC 6749 §4.3). */
export const password: GrantType = {
  answer: (provider, call, parameters, { client }) => {
    const username = parameters.get('username')
    const given = parameters.get('password')
    if (username === undefined || given === undefined) {
      return refusal('invalid_request', 'The username or the password is missing.')
    }
    const rights = readRights(parameters)
    if (isRefusal(rights)) return rights
    const person = provider.directory.person(username)
    if (person === undefined || !isPasswordOf(person, given)) {
      return refusal('invalid_grant', 'The username or the password is wrong.')
    }
    const authTime = nowSeconds(provider)
    const grant = newGrant({ ...rights, client, person, authTime, nonce: undefined })
    return grantTokens(provider, call, grant, { refresh: true })
  },
}
