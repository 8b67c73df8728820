import { completeAuthorization } from '../authorization.ts'
import { refusedAuthorization } from '../authorization-response.ts'
import { DENY, personIn, refusalPage } from '../login-form.ts'
import { readOwnJwt } from '../own-token.ts'
import { isRefusal, refusal } from '../refusal.ts'
import { readForm } from '../request-parameters.ts'
import { startSession } from '../session.ts'
import { loginPage } from './authorize.ts'
import type { Endpoint } from './endpoint.ts'

/** Where the login page goes; each page is good for one login. */
export const login: Endpoint = {
  paths: ['/login'],
  methods: ['POST'],
  cors: false,
  answer: (provider, call) => {
    const parameters = readForm(call.request)
    if (isRefusal(parameters)) return refusalPage(parameters)
    const { logins } = provider.stores
    const id = parameters.get('login') ?? ''
    const request = logins.get(id, provider.clock())
    if (request === undefined) return refusalPage(EXPIRED)
    if (parameters.get('decision') === DENY) {
      logins.delete(id)
      return refusedAuthorization(call, request.target, DENIED)
    }
    const person = personIn(provider, parameters)
    if (person === undefined) {
      return loginPage(id, request, 'The user name or the password is wrong.', parameters.get('username'))
    }
    logins.delete(id)
    const { session, headers } = startSession(provider, call, person)
    const expected =
      request.idTokenHint === undefined
        ? person.sub
        : readOwnJwt(provider, call, request.idTokenHint)?.claims['sub']
    return expected === person.sub
      ? completeAuthorization(provider, call, request, session, headers)
      : refusedAuthorization(call, request.target, SOMEBODY_ELSE)
  },
}

const EXPIRED = refusal('invalid_request', 'This login page was used before or has expired. Start again.')
const DENIED = refusal('access_denied', 'The person said no.')
const SOMEBODY_ELSE = refusal('login_required', 'Somebody else logged in than the id_token_hint names.')
