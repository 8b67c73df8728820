import { LRUCache } from 'lru-cache'
import type { HttpRequest } from '../core/exchange.ts'
import { headerValue, headerValues } from '../core/headers.ts'
import { jsonText, memberOf } from '../core/json.ts'
import { parseJwt } from '../core/jwt.ts'
import type { SessionRule } from '../match/match-rules.ts'
import { createReplayedWrites, type ReplayedWrites } from './replayed-writes.ts'

/** How far one client has come. */
export interface Session {
  /** How many answers of a list were given, by the list's name. */
  readonly given: Map<string, number>
  readonly writes: ReplayedWrites
}

/** The clients of a replay, told apart as the rule says. */
export interface Sessions {
  readonly rule: SessionRule
  of(request: HttpRequest): Session
  /** Every client begins anew. */
  reset(): void
}

/** Of more clients at once, the one heard of least lately begins anew. */
export const MAX_SESSIONS = 10_000

/** A table of sessions. Those of connections end with them; the others are bounded by {@link MAX_SESSIONS}. */
export function createSessions(rule: SessionRule): Sessions {
  let everybody = createSession()
  let connections = new WeakMap<object, Session>()
  const named = new LRUCache<string, Session>({ max: MAX_SESSIONS })

  const ofConnection = (connection: object): Session => {
    const known = connections.get(connection)
    if (known !== undefined) return known
    const session = createSession()
    connections.set(connection, session)
    return session
  }
  const ofName = (name: string): Session => {
    const session = named.get(name) ?? createSession()
    named.set(name, session)
    return session
  }
  return {
    rule,
    of(request) {
      if (rule.by === 'none') return everybody
      if (rule.by === 'connection') {
        return request.connection === undefined ? everybody : ofConnection(request.connection)
      }
      const name = sessionName(request, rule)
      return name === undefined ? everybody : ofName(name)
    },
    reset() {
      everybody = createSession()
      connections = new WeakMap()
      named.clear()
    },
  }
}

/** What a request is called by a rule, in a recording as in a replay; undefined where it does not say. */
export function sessionName(request: HttpRequest, rule: SessionRule): string | undefined {
  switch (rule.by) {
    case 'header':
      return headerValue(request.headers, rule.name)
    case 'cookie':
      return cookieValue(request, rule.name)
    case 'jwt':
      return claimText(request, rule.name)
    default:
      return undefined
  }
}

function createSession(): Session {
  return { given: new Map(), writes: createReplayedWrites() }
}

function cookieValue({ headers }: HttpRequest, name: string): string | undefined {
  const cookies = headerValues(headers, 'cookie').flatMap((value) => value.split(';'))
  return cookies.map((cookie) => cookie.trim()).find((cookie) => cookie.startsWith(`${name}=`))
}

/** A claim of the bearer token. */
function claimText({ headers }: HttpRequest, claim: string): string | undefined {
  const value = headerValue(headers, 'authorization') ?? ''
  const jwt = /^bearer /i.test(value) ? parseJwt(value.slice('Bearer '.length).trim()) : undefined
  const node = jwt && memberOf(jwt.payload.object, claim)
  return jwt && node && jsonText(jwt.payload.text, node)
}
