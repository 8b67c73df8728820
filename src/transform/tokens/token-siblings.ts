import { utf8OfText, textOfUtf8 } from '../../core/binary-text.ts'
import { numberValue } from '../../core/json.ts'
import { claimsOf, parseJwt, type Jwt } from '../../core/jwt.ts'
import { recogniseDate } from '../values/date-format.ts'
import type { DateReading } from '../values/date-pattern.ts'
import type { Focus } from '../message/focus.ts'
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
    if (sibling !== undefined) followLifetime(sibling, token, iat, exp)
  }
  for (const name of EXPIRIES) {
    const sibling = focus.sibling(name)
    if (sibling !== undefined) followExpiry(sibling, name, token, exp, recordedAtMs)
  }
}

function followLifetime(sibling: Focus, { resigner }: FamilyToken, iat: unknown, exp: unknown): void {
  const { lifetimeSeconds: lifetime } = resigner
  const told = numberValue(sibling.recorded, sibling.json())
  if (told === undefined || typeof iat !== 'number' || typeof exp !== 'number' || lifetime === undefined)
    return
  const wasTrue = Math.abs(told - (exp - iat)) <= 1
  if (wasTrue && Math.abs(told - lifetime) > 1) sibling.put(() => String(lifetime))
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
      const signed = parseJwt(await token.render(moment))
      const expires = signed && claimsOf(signed)['exp']
      if (typeof expires === 'number') return textOfUtf8(date.write({ epochMs: expires * 1000, nanos: 0 }))
      return typeof value === 'string' ? value : value.render(moment)
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
