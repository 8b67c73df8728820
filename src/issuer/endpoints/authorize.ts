import type { HttpResponse } from '../../core/exchange.ts'
import { completeAuthorization } from '../authorization.ts'
import {
  readAuthorization,
  type AuthorizationRequest,
  type ReturnedRefusal,
} from '../authorization-request.ts'
import { refusedAuthorization } from '../authorization-response.ts'
import type { Person } from '../directory.ts'
import { newSecret } from '../grant.ts'
import { escapeHtml } from '../http-answer.ts'
import { loginFormAnswer, refusalPage } from '../login-form.ts'
import { readOwnJwt } from '../own-token.ts'
import { nowSeconds, type Call, type Provider, type Session } from '../provider.ts'
import { isRefusal, refusal, type Refusal } from '../refusal.ts'
import { parametersOf, readForm, type RequestParameters } from '../request-parameters.ts'
import { readSession } from '../session.ts'
import type { Endpoint } from './endpoint.ts'

/** Of request URIs that were pushed (RFC 9126 §2.2). */
export const PUSHED_PREFIX = 'urn:ietf:params:oauth:request_uri:'

const LOGIN_MS = 600_000

/** The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2). */
export const authorize: Endpoint = {
  paths: ['/authorize'],
  methods: ['GET', 'POST'],
  cors: false,
  answer: (provider, call) => {
    const parameters = call.request.method === 'POST' ? readForm(call.request) : parametersOf(call.query)
    if (isRefusal(parameters)) return refusalPage(parameters)
    const read = requestIn(provider, parameters)
    if (isRefusal(read)) return refusalPage(read)
    if ('because' in read) return refusedAuthorization(call, read.target, read.because)
    return loggedInOrAsked(provider, call, read)
  },
}

function requestIn(
  provider: Provider,
  parameters: RequestParameters,
): AuthorizationRequest | ReturnedRefusal | Refusal {
  const uri = parameters.get('request_uri')
  if (uri === undefined || !uri.startsWith(PUSHED_PREFIX))
    return readAuthorization(provider.directory, parameters)
  const { pushed } = provider.stores
  const request = pushed.get(uri, provider.clock())
  if (request === undefined || request.client.id !== parameters.get('client_id')) {
    return refusal(
      'invalid_request_uri',
      'The request_uri is unknown, has expired, or is not for this client.',
    )
  }
  // Once only (RFC 9126 §7.3).
  pushed.delete(uri)
  return request
}

function loggedInOrAsked(
  provider: Provider,
  call: Call,
  request: AuthorizationRequest,
): HttpResponse | Promise<HttpResponse> {
  const wanted = wantedPerson(provider, call, request)
  if (isRefusal(wanted)) return refusedAuthorization(call, request.target, wanted)
  const session = goodSession(provider, call, request, wanted)
  if (session !== undefined) return completeAuthorization(provider, call, request, session)
  if (provider.settings.login === 'auto') {
    const person = wanted ?? provider.directory.firstPerson()
    return completeAuthorization(provider, call, request, { person, authTime: nowSeconds(provider) })
  }
  if (request.prompts.has('none')) {
    return refusedAuthorization(call, request.target, refusal('login_required', 'Nobody is logged in.'))
  }
  const id = newSecret()
  provider.stores.logins.set(id, request, provider.clock() + LOGIN_MS)
  return loginPage(id, request)
}

/** Whom the request is about: the person of its `id_token_hint`, or else of its `login_hint`. */
function wantedPerson(
  provider: Provider,
  call: Call,
  { idTokenHint, loginHint }: AuthorizationRequest,
): Person | Refusal | undefined {
  if (idTokenHint !== undefined) {
    // It may have expired (OpenID Connect Core §3.1.2.1).
    const sub = readOwnJwt(provider, call, idTokenHint)?.claims['sub']
    if (typeof sub !== 'string') return refusal('invalid_request', 'The id_token_hint is not from here.')
    return (
      provider.directory.person(sub) ?? refusal('login_required', 'Nobody has the sub of the id_token_hint.')
    )
  }
  const hinted = loginHint === undefined ? undefined : provider.directory.person(loginHint)
  return hinted === undefined && loginHint !== undefined && provider.settings.login === 'auto'
    ? refusal('login_required', 'Nobody is called as the login_hint says.')
    : hinted
}

/** The browser's session, where the request lets it do. */
function goodSession(
  provider: Provider,
  call: Call,
  { prompts, maxAgeSeconds }: AuthorizationRequest,
  wanted: Person | undefined,
): Session | undefined {
  const session = readSession(provider, call)
  if (
    session === undefined ||
    prompts.has('login') ||
    prompts.has('select_account') ||
    prompts.has('consent')
  ) {
    return undefined
  }
  const ageSeconds = nowSeconds(provider) - session.authTime
  const isFresh = maxAgeSeconds === undefined || (maxAgeSeconds > 0 && ageSeconds <= maxAgeSeconds)
  return isFresh && (wanted === undefined || wanted.sub === session.person.sub) ? session : undefined
}

/** The page on which a person logs in for a client. */
export function loginPage(
  id: string,
  request: AuthorizationRequest,
  problem?: string,
  username?: string,
): HttpResponse {
  return loginFormAnswer({
    title: 'Log in',
    intro: `to go on to ${request.client.id}`,
    action: 'login',
    fields: `<input type="hidden" name="login" value="${escapeHtml(id)}">`,
    username: username ?? request.loginHint,
    problem,
  })
}
