import { LRUCache } from 'lru-cache'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import { claimsOf, headerOf, parseJwt, type Jwt } from '../core/jwt.ts'
import type { PairId, PairSource } from '../core/pair.ts'
import { epochSeconds, type Clock } from '../core/time.ts'

/** Whether one of the replay's own keys signed a token, and is still trusted. */
export type BearerKeys = (jwt: Jwt) => boolean

/** What is said to a request whose bearer token would not do for a pair. */
export interface BearerRefusal {
  /** A sentence without its full stop. */
  readonly problem: string
  readonly response: HttpResponse
}

/** Undefined where the bearer token does. */
export type BearerCheck = (request: HttpRequest, pair: PairId) => BearerRefusal | undefined

/** Pairs of which is kept what they ask of a token. */
const MAX_KEPT_PAIRS = 10_000

/** What a recorded exchange says of tokens for its like. */
interface Guard {
  /** Its request had a JWT, and was let in with it. */
  readonly guarded: boolean
  /** The audiences of that JWT; empty where it names none. */
  readonly audiences: readonly string[]
}

/**
 * Checks bearer tokens as the backend would (RFC 6750 §3): only where the recorded request had one, and never where
 * it was refused itself, since then the recording is the answer.
 */
export function createBearerCheck(
  pairs: Pick<PairSource, 'pair'>,
  keys: BearerKeys,
  clock: Clock,
): BearerCheck {
  const guards = new LRUCache<PairId, Guard>({ max: MAX_KEPT_PAIRS })
  const guardOf = (id: PairId): Guard => {
    const known = guards.get(id)
    if (known !== undefined) return known
    const pair = pairs.pair(id)
    const token = pair && parseJwt(bearerOf(pair.request) ?? '')
    const guarded = token !== undefined && pair?.response?.status !== 401
    const guard = { guarded, audiences: token === undefined ? [] : audiencesOf(token) }
    guards.set(id, guard)
    return guard
  }
  return (request, id) => {
    const { guarded, audiences } = guardOf(id)
    if (!guarded) return undefined
    const token = bearerOf(request)
    // No error for a client that may not have known (RFC 6750 §3.1).
    if (token === undefined) return { problem: 'There is no token', response: refusal(undefined) }
    const problem = problemOf(parseJwt(token), audiences, keys, epochSeconds(clock()))
    return problem === undefined ? undefined : { problem, response: refusal(problem) }
  }
}

function problemOf(
  jwt: Jwt | undefined,
  audiences: readonly string[],
  keys: BearerKeys,
  now: number,
): string | undefined {
  if (jwt === undefined) return 'The token is malformed'
  if (jwt.alg === 'none' || headerOf(jwt)['crit'] !== undefined || !keys(jwt)) {
    return 'The token was signed by no key that is trusted here'
  }
  const { exp, nbf } = claimsOf(jwt)
  if (typeof exp === 'number' && now >= exp) return 'The token expired'
  if (typeof nbf === 'number' && now < nbf) return 'The token is not valid yet'
  const own = audiencesOf(jwt)
  const meant = audiences.length === 0 || own.some((audience) => audiences.includes(audience))
  return meant ? undefined : 'The token is for another audience'
}

/** @param problem a sentence without quotes; undefined where there was no token */
function refusal(problem: string | undefined): HttpResponse {
  const details = problem === undefined ? '' : ` error="invalid_token", error_description="${problem}"`
  const said = problem === undefined ? {} : { error: 'invalid_token', error_description: problem }
  const body = Buffer.from(JSON.stringify(said))
  return {
    status: 401,
    reason: 'Unauthorized',
    httpVersion: '1.1',
    headers: [
      ['WWW-Authenticate', `Bearer${details}`],
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
    ],
    body,
    trailers: [],
  }
}

function bearerOf({ headers }: Pick<HttpRequest, 'headers'>): string | undefined {
  const value = headerValue(headers, 'authorization') ?? ''
  return /^bearer +\S/i.test(value) ? value.replace(/^bearer +/i, '').trim() : undefined
}

function audiencesOf(jwt: Jwt): readonly string[] {
  const { aud } = claimsOf(jwt)
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) ? aud.filter((one) => typeof one === 'string') : []
}
