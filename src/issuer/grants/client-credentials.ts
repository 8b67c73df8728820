import { newGrant } from '../grant.ts'
import { isRefusal, refusal } from '../refusal.ts'
import { readRights } from '../request-scope.ts'
import { grantTokens } from '../token-response.ts'
import type { GrantType } from './grant-type.ts'

/** A client acting for itself: `sub` is the client (RFC 6749 §4.4, RFC 9068 §2.2). */
export const clientCredentials: GrantType = {
  answer: (provider, call, parameters, { client, method }) => {
    if (method === 'none' && !client.anyone) {
      return refusal('unauthorized_client', 'A client without credentials has none to use.')
    }
    const rights = readRights(parameters)
    if (isRefusal(rights)) return rights
    const grant = newGrant({ ...rights, client, person: undefined, authTime: undefined, nonce: undefined })
    return grantTokens(provider, call, grant)
  },
}
