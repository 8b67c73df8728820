import { headerValues, type RawHeaders } from '../core/headers.ts'
import type { Person } from './directory.ts'
import { newSecret } from './grant.ts'
import { nowSeconds, type Call, type Provider, type Session } from './provider.ts'

const COOKIE = 'reseal_session'
const SESSION_MS = 8 * 3_600_000

/** Who is logged in with the browser of this request. */
export function readSession({ stores, clock }: Provider, { request }: Call): Session | undefined {
  const now = clock()
  return cookiesNamed(request.headers, COOKIE)
    .map((id) => stores.sessions.get(id, now))
    .find((session) => session !== undefined)
}

/** Logs a person in with the browser that will get these headers. */
export function startSession(
  provider: Provider,
  call: Call,
  person: Person,
): { readonly session: Session; readonly headers: RawHeaders } {
  const session = { person, authTime: nowSeconds(provider) }
  const id = newSecret()
  provider.stores.sessions.set(id, session, provider.clock() + SESSION_MS)
  return { session, headers: [['Set-Cookie', `${COOKIE}=${id}; ${attributes(call)}`]] }
}

/** Logs out the browser of this request. */
export function endSession({ stores }: Provider, call: Call): RawHeaders {
  for (const id of cookiesNamed(call.request.headers, COOKIE)) stores.sessions.delete(id)
  return [['Set-Cookie', `${COOKIE}=; Max-Age=0; ${attributes(call)}`]]
}

function attributes({ issuer }: Call): string {
  const { pathname, protocol } = new URL(issuer)
  const path = pathname === '/' ? '/' : pathname.replace(/\/$/, '')
  return `Path=${path}; HttpOnly; SameSite=Lax${protocol === 'https:' ? '; Secure' : ''}`
}

function cookiesNamed(headers: RawHeaders, name: string): readonly string[] {
  return headerValues(headers, 'cookie')
    .flatMap((value) => value.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}
