import assert from 'node:assert/strict'
import { USER } from './client-settings.ts'
import { fetchAt, type Place } from './place.ts'

/** One answer of the web application, with the session it gives. */
export interface Visit {
  readonly token: string
  readonly attributes: string
  readonly body: unknown
}

/** Signs in at the web application and comes back twice, each time with the session that it was given last. */
export async function visits(place: Place): Promise<readonly Visit[]> {
  const reach = fetchAt(place)
  const login = await reach('/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: USER, password: 'the password of ada' }),
  })
  const all = [await visitOf(login)]
  for (let turn = 0; turn < 2; turn += 1) {
    const headers = { cookie: `session=${all.at(-1)?.token}` }
    all.push(await visitOf(await reach('/me', { headers })))
  }
  return all
}

async function visitOf(response: Response): Promise<Visit> {
  const [cookie = ''] = response.headers.getSetCookie()
  const [, token = '', attributes = ''] = /^session=([^;]+);(.*)$/.exec(cookie) ?? []
  assert.ok(response.ok, `${response.status} instead of a session`)
  const text = await response.text()
  return { token, attributes, body: text === '' ? undefined : JSON.parse(text) }
}
