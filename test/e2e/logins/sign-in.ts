import assert from 'node:assert/strict'
import { CALLBACK, USER } from './client-settings.ts'
import { fetchAt, listenerUrl, type Place } from './place.ts'

/** More pages than any login of the provider has. */
const MOST_PAGES = 12
const PASSWORD = 'the password of ada'

/**
 * Goes through the pages of the provider as a person does, with cookies, signing in and agreeing to what is asked, until
 * one leads back to the application.
 * @returns the request that the application gets: a URL, or what a page posts by itself
 */
export async function signIn(place: Place, start: URL): Promise<URL | Request> {
  const send = withCookies(place)
  let response = await send(start)
  let at = start.href
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const location = response.headers.get('location')
    if (location !== null) {
      assert.ok(response.status === 302 || response.status === 303, `${response.status} from ${at}`)
      at = new URL(location, listenerUrl(place, at)).href
      if (at.startsWith(CALLBACK)) return new URL(at)
      response = await send(at)
      continue
    }
    const html = await response.text()
    assert.equal(response.status, 200, `${at}: ${html}`)
    const { action, body } = filledForm(html)
    if (action === CALLBACK) return new Request(CALLBACK, { method: 'POST', body })
    at = new URL(action, listenerUrl(place, at)).href
    response = await send(at, { method: 'POST', body })
  }
  return assert.fail(`the login did not end after ${MOST_PAGES} pages`)
}

function withCookies(place: Place): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const cookies = new Map<string, string>()
  const reach = fetchAt(place)
  return async (url, init = {}) => {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await reach(url, { ...init, headers: cookie === '' ? {} : { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
}

function filledForm(html: string): { readonly action: string; readonly body: URLSearchParams } {
  const [form = assert.fail(html)] = /<form[^>]*>/.exec(html) ?? []
  const fields = [...html.matchAll(/<input[^>]*>/g)].map(([input]): [string, string] => {
    const name = attribute(input, 'name')
    return [name, attribute(input, 'value') || ({ login: USER, password: PASSWORD }[name] ?? '')]
  })
  return { action: attribute(form, 'action'), body: new URLSearchParams(fields) }
}

function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(` ${name}="([^"]*)"`).exec(tag) ?? []
  return value.replaceAll('&amp;', '&').replaceAll('&#x2F;', '/')
}
