import type { BinaryText } from '../../core/binary-text.ts'
import {
  editMembers,
  jsonOf,
  jsonText,
  memberOf,
  scanJson,
  spliceText,
  type JsonObject,
  type Splice,
} from '../../core/json.ts'
import { ResealError } from '../../core/errors.ts'
import type { JsonText } from '../../core/jwt.ts'
import { epochSeconds, type EpochMs } from '../../core/time.ts'
import type { MemberChanges } from './resign-header.ts'
import { writtenDate, type WrittenDate } from './written-date.ts'

/** What becomes of the times: moved to the moment of serving, left alone, or set from now on for so long. */
export type TimeRule = 'shift' | 'keep' | { readonly ttlMs: number }

/** When a token is served, and what else it must agree with. */
export interface ResignMoment {
  readonly nowMs: EpochMs
  /** When the pair that holds the token was recorded. */
  readonly recordedAtMs: EpochMs
  /** Where the replay serves the public half of the key, for `jku`; undefined where it does not. */
  readonly jwksUrl?: string | undefined
  /** New values of `at_hash`, `c_hash` and `s_hash`, put in where the token has the claim as a string. */
  readonly hashes?: Readonly<Record<string, string | undefined>> | undefined
}

export interface PayloadPlan {
  readonly payload: JsonText
  readonly claims: MemberChanges
  readonly time: TimeRule
  /** Names of claims that move with the times, beside iat, nbf, exp and auth_time. */
  readonly timeClaims: readonly string[]
}

export interface ResignedPayload {
  /** Whether the text depends on the moment. */
  readonly timeBound: boolean
  /** `exp - iat` of the new token, or the ttl; undefined when there is no such thing. */
  readonly lifetimeSeconds: number | undefined
  text(moment: ResignMoment): BinaryText
}

/**
 * Plans the claims of a re-signed token. What is set and removed is done once; what remains for each moment is the
 * times, written in place. All other bytes stay as recorded. Claims that were set explicitly do not move, nor does an
 * iat that is no time between 1970 and 2169.
 * @throws ResealError TRANSFORM_INVALID for a ttl of more than 100 years
 */
export function resignedPayload(plan: PayloadPlan): ResignedPayload {
  assertTtl(plan.time)
  const payload = withStaticEdits(plan)
  const dates = datesOf(payload, plan)
  const newest = Math.max(
    ...dates.filter(({ name }) => name === 'iat').map(({ date }) => date?.seconds ?? -Infinity),
  )
  return {
    timeBound: dates.length > 0,
    lifetimeSeconds: lifetimeOf(payload, plan),
    text: (moment) => {
      const nowSeconds = epochSeconds(moment.nowMs)
      const delta = Math.min(
        Math.floor((moment.nowMs - moment.recordedAtMs) / 1000),
        // A clock ahead of ours wrote that iat; one in the future is refused by many (RFC 7519 §4.1.6 gives no leeway).
        newest === -Infinity ? Infinity : Math.floor(nowSeconds - newest),
      )
      const times = dates.map(({ start, end, rewrite }) => ({ start, end, text: rewrite(delta, nowSeconds) }))
      return spliceText(payload.text, [...times, ...hashSplices(payload, plan, moment.hashes ?? {})])
    },
  }
}

const CENTURY_MS = 100 * 365.25 * 86_400_000

/** Past it `exp` is no date that clients take, and in the end no integer either. */
function assertTtl(time: TimeRule): void {
  if (typeof time !== 'object' || time.ttlMs <= CENTURY_MS) return
  throw new ResealError('TRANSFORM_INVALID', 'The ttl of a token is longer than 100 years.', {
    hint: 'Write a shorter one, such as 24h.',
  })
}

/** The registered times that move (RFC 7519 §4.1.4-§4.1.6, OpenID Connect Core §2). */
const TIME_CLAIMS = ['iat', 'nbf', 'exp', 'auth_time'] as const

function withStaticEdits({ payload, claims, time }: PayloadPlan): JsonText {
  const set = new Map(Object.entries(claims.set).map(([name, value]) => [name, jsonOf(value)]))
  if (typeof time === 'object' && memberOf(payload.object, 'exp') === undefined && !set.has('exp')) {
    // A place for the time to be written to.
    set.set('exp', '0')
  }
  if (set.size === 0 && claims.remove.length === 0) return payload
  const { text, object } = payload
  const edited =
    text.slice(0, object.start) +
    editMembers(text, object, { set, remove: new Set(claims.remove) }) +
    text.slice(object.end)
  const scanned = scanJson(edited)
  if (scanned?.kind !== 'object') throw new TypeError('edited claims are no JSON object')
  return { text: edited, object: scanned }
}

/** A place in the payload whose text depends on the moment. */
interface DatePlace {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly date: WrittenDate | undefined
  readonly rewrite: (deltaSeconds: number, nowSeconds: number) => BinaryText
}

/** The claim with an answer about another token, which has times of its own (RFC 9701 §5). */
const INTROSPECTION = 'token_introspection'

/** Every occurrence of a repeated claim moves, so that it does not matter which one a client takes. */
function datesOf({ text, object }: JsonText, plan: PayloadPlan): readonly DatePlace[] {
  if (plan.time === 'keep') return []
  const names = new Set<string>([...TIME_CLAIMS, ...plan.timeClaims])
  return object.members.flatMap(({ name, value }): readonly DatePlace[] => {
    if (name === INTROSPECTION && value.kind === 'object' && !Object.hasOwn(plan.claims.set, name))
      return datesOf({ text, object: value }, { ...plan, claims: { set: {}, remove: [] }, time: 'shift' })
    if (!names.has(name) || Object.hasOwn(plan.claims.set, name)) return []
    const date = claimDate(name, jsonText(text, value))
    const rewrite = rewriteOf(name, date, plan.time)
    return rewrite === undefined ? [] : [{ name, start: value.start, end: value.end, date, rewrite }]
  })
}

/** Two centuries after 1970, in seconds. */
const LATEST_IAT = (2 * CENTURY_MS) / 1000

/** The date in a claim. An iat that is no plausible time is none, else all times would be held back by it. */
function claimDate(name: string, literal: BinaryText): WrittenDate | undefined {
  const date = writtenDate(literal)
  const isPlausible = date !== undefined && date.seconds > 0 && date.seconds <= LATEST_IAT
  return name === 'iat' && !isPlausible ? undefined : date
}

function rewriteOf(
  name: string,
  date: WrittenDate | undefined,
  time: TimeRule,
): DatePlace['rewrite'] | undefined {
  const offset = typeof time === 'object' ? ttlOffset(name, time.ttlMs) : undefined
  if (offset !== undefined) {
    return (_, nowSeconds) => date?.at(nowSeconds + offset) ?? String(nowSeconds + offset)
  }
  return date && ((deltaSeconds) => date.shifted(deltaSeconds))
}

/** Seconds from now that a claim is set to under a ttl; undefined for those that are shifted even then. */
function ttlOffset(name: string, ttlMs: number): number | undefined {
  if (name === 'exp') return Math.floor(ttlMs / 1000)
  return name === 'iat' || name === 'nbf' ? 0 : undefined
}

function lifetimeOf(payload: JsonText, { time, claims }: PayloadPlan): number | undefined {
  const exp = lastDate(payload, 'exp')
  const expMoves = time !== 'keep' && !Object.hasOwn(claims.set, 'exp')
  if (typeof time === 'object' && expMoves && memberOf(payload.object, 'exp') !== undefined) {
    return Math.floor(time.ttlMs / 1000)
  }
  const iat = lastDate(payload, 'iat')
  const iatMoves = time !== 'keep' && !Object.hasOwn(claims.set, 'iat')
  if (exp === undefined || iat === undefined || expMoves !== iatMoves) return undefined
  return exp.seconds - iat.seconds
}

function lastDate({ text, object }: JsonText, name: string): WrittenDate | undefined {
  const value = memberOf(object, name)
  return value && claimDate(name, jsonText(text, value))
}

function hashSplices(
  { object }: { readonly object: JsonObject },
  { claims }: PayloadPlan,
  hashes: Readonly<Record<string, string | undefined>>,
): readonly Splice[] {
  return object.members.flatMap(({ name, value: { kind, start, end } }) => {
    const hash = Object.hasOwn(hashes, name) ? hashes[name] : undefined
    return hash === undefined || kind !== 'string' || Object.hasOwn(claims.set, name)
      ? []
      : [{ start, end, text: jsonOf(hash) }]
  })
}
