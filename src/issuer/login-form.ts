import type { HttpResponse } from '../core/exchange.ts'
import { isPasswordOf, type Person } from './directory.ts'
import { newSecret } from './grant.ts'
import { escapeHtml, pageAnswer } from './http-answer.ts'
import type { Provider } from './provider.ts'
import type { Refusal } from './refusal.ts'
import type { RequestParameters } from './request-parameters.ts'

/** A page with a form in which a person says who they are. */
export interface LoginForm {
  readonly title: string
  /** A sentence above the form, in plain text. */
  readonly intro: string
  /** Where the form goes, relative to the page, so that it works behind every name the issuer is reached by. */
  readonly action: string
  /** Markup of more fields, before the name and password. */
  readonly fields: string
  readonly username?: string | undefined
  /** What was wrong, in plain text. */
  readonly problem?: string | undefined
}

/** What the second button says, as the value of `decision`. */
export const DENY = 'deny'

/** The page: labels, one tab order, Enter logs in; nothing on it needs a script or a mouse. */
export function loginFormAnswer(form: LoginForm): HttpResponse {
  const { title, intro, action, fields, username = '', problem } = form
  const main = [
    `<h1>${escapeHtml(title)}</h1>`,
    ...(problem === undefined ? [] : [`<p role="alert" id="problem">${escapeHtml(problem)}</p>`]),
    `<p>${escapeHtml(intro)}</p>`,
    `<form method="post" action="${escapeHtml(action)}">${fields}`,
    '<label for="username">User name or email</label>',
    `<input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus value="${escapeHtml(username)}"${problem === undefined ? '' : ' aria-describedby="problem"'}>`,
    '<label for="password">Password</label>',
    '<input id="password" name="password" type="password" autocomplete="current-password">',
    '<button class="main" type="submit">Log in</button>',
    `<button class="other" type="submit" name="decision" value="${DENY}" formnovalidate>Cancel</button>`,
    '</form><p class="note">This identity provider is for tests.</p>',
  ].join('')
  return pageAnswer(problem === undefined ? 200 : 400, { title, main, nonce: newSecret() })
}

/** Who filled in the form; undefined when the name or the password is wrong. */
export function personIn({ directory }: Provider, parameters: RequestParameters): Person | undefined {
  const username = parameters.get('username')
  const person = username === undefined ? undefined : directory.person(username)
  return person !== undefined && isPasswordOf(person, parameters.get('password') ?? '') ? person : undefined
}

/** A page that says something and asks for nothing. */
export function noticeAnswer(
  status: number,
  title: string,
  text: string,
  headers: HttpResponse['headers'] = [],
): HttpResponse {
  const main = `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>`
  return pageAnswer(status, { title, main, nonce: newSecret() }, headers)
}

/** The page for a refusal that only the person may be told. */
export function refusalPage({ refused, description }: Refusal): HttpResponse {
  return noticeAnswer(400, 'This request cannot be answered', `${description} (${refused})`)
}
