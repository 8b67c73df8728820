import { headerValues } from '../../core/headers.ts'
import { scopeList } from '../claim-book.ts'
import { jsonAnswer } from '../http-answer.ts'
import { readAccessToken } from '../own-token.ts'
import type { Call, Provider } from '../provider.ts'
import { bearerAnswer, isRefusal, refusal, type Refusal } from '../refusal.ts'
import { readForm } from '../request-parameters.ts'
import type { Claims } from '../settings.ts'
import type { Endpoint } from './endpoint.ts'

/** What is known of the person (OpenID Connect Core §5.3). */
export const userinfo: Endpoint = {
  paths: ['/userinfo'],
  methods: ['GET', 'POST'],
  cors: true,
  answer: (provider, call) => {
    const token = bearerToken(call)
    if (token === undefined) return bearerAnswer()
    if (isRefusal(token)) return bearerAnswer(token)
    const own = readAccessToken(provider, call, token)
    if (own === undefined) {
      return bearerAnswer(refusal('invalid_token', 'The access token is not valid here, or not any more.'))
    }
    const { scope, sub } = own.claims
    if (typeof scope !== 'string' || !scopeList(scope).includes('openid') || typeof sub !== 'string') {
      return bearerAnswer(refusal('insufficient_scope', 'The access token does not have the scope openid.'))
    }
    return jsonAnswer(200, claimsAbout(provider, call, own.claims, sub, scope))
  },
}

/** The token in the header or the form, not in both (RFC 6750 §2); never in the query, which ends up in logs. */
function bearerToken({ request }: Call): string | Refusal | undefined {
  const headers = headerValues(request.headers, 'authorization')
  const form = request.method === 'POST' && request.body.length > 0 ? readForm(request) : undefined
  if (isRefusal(form)) return form
  const inForm = form?.get('access_token')
  const [header] = headers
  if (headers.length + (inForm === undefined ? 0 : 1) > 1) {
    return refusal('invalid_request', 'There is more than one access token.')
  }
  if (header === undefined) return inForm
  return /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header)?.[1]
}

function claimsAbout(
  { claimBook, directory }: Provider,
  { issuer }: Call,
  token: Claims,
  sub: string,
  scope: string,
): Claims {
  const clientId = token['client_id']
  const added = claimBook.claimsFor('userinfo', {
    client: typeof clientId === 'string' ? directory.client(clientId) : undefined,
    person: sub === clientId ? undefined : directory.person(sub),
    scope,
    values: { iss: issuer, sub },
  })
  // The person must be the one of the ID token (OpenID Connect Core §5.3.2), whatever the templates say.
  return { ...added, sub }
}
