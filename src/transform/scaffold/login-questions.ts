import { utf8OfText } from '../../core/binary-text.ts'
import { headerValue } from '../../core/headers.ts'
import type { HttpRequest } from '../../core/exchange.ts'
import { formItems } from '../locators/form-items.ts'
import { urlParts } from '../locators/url-parts.ts'
import { askedPath } from './asked-path.ts'
import { requestMessage } from '../message/request-message.ts'

/** What a client makes up for each login, so that no two logins ask the same unless it is ignored. */
const MADE_UP = ['state', 'nonce', 'code_challenge', 'code_verifier', 'client_assertion', 'request'] as const

/** Parameters that tell a login from any other request with a `state`. */
const OF_A_LOGIN = ['response_type', 'grant_type', 'client_id'] as const

/** Requests of one path that carry something made up. */
export interface LoginQuestion {
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  readonly form: readonly string[]
}

/** Gathers what must not count when the requests of logins are compared. */
export interface LoginBook {
  add(request: HttpRequest): void
  questions(): readonly LoginQuestion[]
}

export function createLoginBook(): LoginBook {
  const known = new Map<string, LoginQuestion>()
  return {
    add: (request) => {
      const { target, method } = request
      const { query: span } = urlParts(target)
      const query = span === undefined ? [] : madeUp(target, span.start, span.end)
      const body = isForm(request) ? (requestMessage(request).body()?.recorded ?? '') : ''
      const form = madeUp(body, 0, body.length)
      if (query.length + form.length === 0) return
      const path = askedPath(target)
      const before = known.get(`${method} ${path}`)
      known.set(`${method} ${path}`, {
        method,
        path,
        query: inOrder([...(before?.query ?? []), ...query]),
        form: inOrder([...(before?.form ?? []), ...form]),
      })
    },
    questions: () => [...known.values()],
  }
}

/** Whether the content is fields of a form. */
export function isForm({ headers }: HttpRequest): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(headerValue(headers, 'content-type') ?? '')
}

/** Whether these parameters are those of a login. */
export function isOfLogin(text: string, start: number, end: number): boolean {
  const names = namesIn(text, start, end)
  return OF_A_LOGIN.some((name) => names.has(name))
}

function madeUp(text: string, start: number, end: number): readonly string[] {
  const names = namesIn(text, start, end)
  return OF_A_LOGIN.some((name) => names.has(name)) ? MADE_UP.filter((name) => names.has(name)) : []
}

function namesIn(text: string, start: number, end: number): ReadonlySet<string> {
  return new Set(formItems(text, start, end).map(({ name }) => utf8OfText(name)))
}

function inOrder(names: readonly string[]): readonly string[] {
  return MADE_UP.filter((name) => names.includes(name))
}
