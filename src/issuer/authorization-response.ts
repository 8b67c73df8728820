import type { HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { ResponseTarget } from './authorization-request.ts'
import { newSecret } from './grant.ts'
import { escapeHtml, pageAnswer, redirectAnswer } from './http-answer.ts'
import type { Call } from './provider.ts'
import { refusalMembers, type Refusal } from './refusal.ts'

/** Parameters of an answer; undefined ones are left out. */
export type ResponseParameters = Readonly<Record<string, string | undefined>>

/** Sends an answer to the client through the browser, with `state` and `iss` (RFC 9207 §2). */
export function authorizationAnswer(
  call: Call,
  { redirectUri, mode, state }: ResponseTarget,
  parameters: ResponseParameters,
  headers: RawHeaders = [],
): HttpResponse {
  const given: [string, string][] = []
  for (const [name, value] of Object.entries({ ...parameters, state, iss: call.issuer })) {
    if (value !== undefined) given.push([name, value])
  }
  if (mode === 'form_post') return formPost(redirectUri, given, headers)
  const text = new URLSearchParams(given).toString()
  const mark = mode === 'fragment' ? '#' : redirectUri.includes('?') ? '&' : '?'
  const status = call.request.method === 'POST' ? 303 : 302
  return redirectAnswer(status, redirectUri + mark + text, headers)
}

/** Tells the client why not (RFC 6749 §4.1.2.1). */
export function refusedAuthorization(call: Call, target: ResponseTarget, because: Refusal): HttpResponse {
  return authorizationAnswer(call, target, refusalMembers(because))
}

/** A page that posts the answer by itself, and by a button where scripts do not run (OAuth 2.0 Form Post Response Mode §2). */
function formPost(
  redirectUri: string,
  given: readonly [string, string][],
  headers: RawHeaders,
): HttpResponse {
  const fields = given.map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  )
  return pageAnswer(
    200,
    {
      title: 'Going back to the application',
      nonce: newSecret(),
      main: [
        '<h1>Going back to the application</h1>',
        `<form method="post" action="${escapeHtml(redirectUri)}">`,
        ...fields,
        '<noscript><button class="main" type="submit">Continue</button></noscript></form>',
      ].join(''),
      script: 'document.forms[0].submit()',
    },
    headers,
  )
}
