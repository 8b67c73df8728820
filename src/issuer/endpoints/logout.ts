import { noticeAnswer, refusalPage } from '../login-form.ts'
import { redirectAnswer } from '../http-answer.ts'
import { readOwnJwt } from '../own-token.ts'
import type { Call, Provider } from '../provider.ts'
import { mayReturnTo } from '../redirect-uri.ts'
import { isRefusal, refusal, type Refusal } from '../refusal.ts'
import { parametersOf, readForm, type RequestParameters } from '../request-parameters.ts'
import { endSession } from '../session.ts'
import { audiencesOf } from '../jwt-times.ts'
import type { Endpoint } from './endpoint.ts'

/** Ends the browser's session and sends it back to the client, where that is the client's own place (OpenID Connect RP-Initiated Logout §2). */
export const logout: Endpoint = {
  paths: ['/logout'],
  methods: ['GET', 'POST'],
  cors: false,
  answer: (provider, call) => {
    const posted = call.request.method === 'POST'
    const parameters = posted ? readForm(call.request) : parametersOf(call.query)
    if (isRefusal(parameters)) return refusalPage(parameters)
    const client = askingClient(provider, call, parameters)
    if (isRefusal(client)) return refusalPage(client)
    const back = returnUri(provider, parameters, client)
    if (isRefusal(back)) return refusalPage(back)
    const headers = endSession(provider, call)
    return back === undefined
      ? noticeAnswer(200, 'Logged out', 'You are logged out. You can close this page.', headers)
      : redirectAnswer(posted ? 303 : 302, back, headers)
  },
}

interface AskingClient {
  readonly id: string | undefined
  /** Whether the request shows an ID token of the client. */
  readonly proven: boolean
}

/** The client of the `id_token_hint`, which may have expired, or else of the `client_id`. */
function askingClient(provider: Provider, call: Call, parameters: RequestParameters): AskingClient | Refusal {
  const hint = parameters.get('id_token_hint')
  const id = parameters.get('client_id')
  if (hint === undefined) return { id, proven: false }
  const own = readOwnJwt(provider, call, hint)
  if (own === undefined || own.typ !== 'jwt') {
    return refusal('invalid_request', 'The id_token_hint is not an ID token from here.')
  }
  const audiences = audiencesOf(own.claims)
  if (id !== undefined && !audiences.includes(id)) {
    return refusal('invalid_request', 'The id_token_hint is for another client than the client_id.')
  }
  return { id: id ?? audiences[0], proven: true }
}

function returnUri(
  { directory }: Provider,
  parameters: RequestParameters,
  { id, proven }: AskingClient,
): string | Refusal | undefined {
  const uri = parameters.get('post_logout_redirect_uri')
  if (uri === undefined) return undefined
  const client = id === undefined ? undefined : directory.client(id)
  if (client === undefined || !mayReturnTo(client.settings, uri, proven)) {
    return refusal('invalid_request', 'The post_logout_redirect_uri is not one of this client.')
  }
  const state = parameters.get('state')
  if (state === undefined) return uri
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state }).toString()}`
}
