import type { RawHeaders } from '../core/headers.ts'
import { jsonText, memberOf, type JsonNode } from '../core/json.ts'
import { findJwts, parseJwt, type Jwt } from '../core/jwt.ts'

/** Whom a request speaks for, by the JWT it carries. */
export interface Subject {
  /** `iss`, `sub`, `aud` and `scope` together. */
  readonly exact: string
  /** `iss` and `sub`. */
  readonly person: string
  /** `sub` alone, or what the client is called where no user is named. */
  readonly name: string
}

/**
 * The subject of a request: of its bearer token where that is a JWT, else of the name in its Basic credentials
 * (RFC 7617 §2), else of the first cookie that is a JWT with a subject. Opaque tokens say nothing.
 * @returns undefined for a request that names nobody
 */
export function subjectOf(headers: RawHeaders): Subject | undefined {
  let cookies: string | undefined
  for (const [name, value] of headers) {
    if (name.length === 13 && name.toLowerCase() === 'authorization') {
      const subject = credentialsSubject(value)
      if (subject !== undefined) return subject
    } else if (name.length === 6 && name.toLowerCase() === 'cookie') {
      cookies = cookies === undefined ? value : `${cookies}; ${value}`
    }
  }
  if (cookies === undefined || !cookies.includes('.e')) return undefined
  return findJwts(cookies)
    .values()
    .map(({ jwt }) => jwtSubject(jwt))
    .find((subject) => subject !== undefined)
}

/** Whether two JWTs speak for the same person. */
export function sameSubject(one: string, other: string): boolean {
  const [a, b] = [parseJwt(one), parseJwt(other)].map((jwt) => jwt && jwtSubject(jwt))
  return a?.person === b?.person
}

function credentialsSubject(value: string): Subject | undefined {
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)\s*$/.exec(value) ?? []
  if (scheme.toLowerCase() === 'basic') {
    const name = Buffer.from(credentials, 'base64').toString('utf8').split(':', 1)[0] ?? ''
    return { exact: `basic ${name}`, person: `basic ${name}`, name: `basic ${name}` }
  }
  const jwt = credentials.startsWith('e') ? parseJwt(credentials) : undefined
  return jwt && jwtSubject(jwt)
}

function jwtSubject({ payload: { text, object } }: Jwt): Subject | undefined {
  const claim = (name: string): string => {
    const node: JsonNode | undefined = memberOf(object, name)
    return node === undefined ? '-' : jsonText(text, node)
  }
  const named = ['sub', 'client_id', 'azp'].find((name) => memberOf(object, name) !== undefined)
  if (named === undefined) return undefined
  const name = `${named === 'sub' ? 'sub' : 'client'} ${claim(named)}`
  const person = `${claim('iss')} ${name}`
  const exact = JSON.stringify([claim('iss'), name, claim('aud'), claim('scope'), claim('scp')])
  return { exact, person, name }
}
