import { utf8OfText, textOfUtf8 } from '../../core/binary-text.ts'
import { numberValue } from '../../core/json.ts'
import { claimsOf, parseJwt, type Jwt } from '../../core/jwt.ts'
import { recogniseDate } from '../values/date-format.ts'
import type { DateReading } from '../values/date-pattern.ts'
import type { Focus } from '../message/focus.ts'
import { renderLive, type Moment } from '../message/live.ts'
import type { FamilyToken } from './token-family.ts'

/** Lifetimes in seconds beside a token (RFC 6749 §5.1, Microsoft's, a cookie's). */
const LIFETIMES = ['expires_in', 'ext_expires_in', 'Max-Age'] as const
/** Moments of expiry beside a token. */
const EXPIRIES = ['expires_at', 'expires_on', 'Expires'] as const

/**
 * What stands beside a token and speaks of its lifetime follows it, if it was true of the recorded one within a second. A
 * cookie's `Expires` moves with the recording's age even where the token says nothing of it.
 */
export function keepSiblingsTrue(
  focus: Focus,
  token: FamilyToken,
  recorded: Jwt,
  recordedAtMs: number,
): void {
  const { iat, exp } = claimsOf(recorded)
  for (const name of LIFETIMES) {
    const sibling = focus.sibling(name)
    if (sibling !== undefined) followLifetime(sibling, token, { iat, exp, recordedAtMs })
  }
  for (const name of EXPIRIES) {
    const sibling = focus.sibling(name)
    if (sibling !== undefined) followExpiry(sibling, name, token, exp, recordedAtMs)
  }
}

interface RecordedTimes {
  readonly iat: unknown
  readonly exp: unknown
  readonly recordedAtMs: number
}

function followLifetime(sibling: Focus, token: FamilyToken, { iat, exp, recordedAtMs }: RecordedTimes): void {
  const { lifetimeSeconds: lifetime } = token.resigner
  const told = numberValue(sibling.recorded, sibling.json())
  if (told === undefined || typeof exp !== 'number') return
  // Of a token that is given again, what was told may be how long it still lived.
  if (token.isReused && Math.abs(told - (exp - recordedAtMs / 1000)) <= 2) {
    putRemaining(sibling, token)
    return
  }
  if (typeof iat !== 'number' || lifetime === undefined) return
  const wasTrue = Math.abs(told - (exp - iat)) <= 1
  if (wasTrue && Math.abs(told - lifetime) > 1) sibling.put(() => String(lifetime))
}

function putRemaining(sibling: Focus, token: FamilyToken): void {
  sibling.put((value) => ({
    changes: token.changes() === 'request' ? 'request' : 'second',
    render: async (moment) => {
      const expires = await expiryAt(token, moment)
      if (expires === undefined) return renderLive(value, moment)
      return String(Math.max(0, Math.round(expires - moment.nowMs / 1000)))
    },
  }))
}

/** When the new token expires, in seconds; undefined for one that does not say. */
async function expiryAt(token: FamilyToken, moment: Moment): Promise<number | undefined> {
  const signed = parseJwt(await token.render(moment))
  const expires = signed && claimsOf(signed)['exp']
  return typeof expires === 'number' ? expires : undefined
}

function followExpiry(
  sibling: Focus,
  name: (typeof EXPIRIES)[number],
  token: FamilyToken,
  exp: unknown,
  recordedAtMs: number,
): void {
  const date = recogniseDate(utf8OfText(sibling.recorded))
  if (date === undefined) return
  const wasTrue = typeof exp === 'number' && Math.abs(date.epochMs - exp * 1000) <= 1000
  if (wasTrue) putExpiry(sibling, token, date)
  else if (name === 'Expires') putShifted(sibling, date, recordedAtMs)
}

function putExpiry(sibling: Focus, token: FamilyToken, date: DateReading): void {
  sibling.put((value) => ({
    changes: token.changes(),
    render: async (moment) => {
      const expires = await expiryAt(token, moment)
      return expires === undefined
        ? renderLive(value, moment)
        : textOfUtf8(date.write({ epochMs: expires * 1000, nanos: 0 }))
    },
  }))
}

function putShifted(sibling: Focus, date: DateReading, recordedAtMs: number): void {
  sibling.put(() => ({
    changes: 'second',
    render: ({ nowMs }) => {
      const byMs = Math.floor((nowMs - recordedAtMs) / 1000) * 1000
      return textOfUtf8(date.write({ epochMs: date.epochMs + byMs, nanos: date.nanos }))
    },
  }))
}
