import type { EpochSeconds } from '../core/time.ts'
import type { Claims } from './settings.ts'

/** Clocks of clients may be this much ahead or behind where they signed something themselves. */
export const LEEWAY_SECONDS = 30

/**
 * Whether a token with these claims counts at a moment: `exp` lies ahead, `nbf` does not (RFC 7519 §4.1.4, §4.1.5).
 * Moments must be numbers.
 * @param leewaySeconds how far clocks may be apart
 */
export function isWithinTimes({ exp, nbf, iat }: Claims, now: EpochSeconds, leewaySeconds = 0): boolean {
  return (
    (exp === undefined || (isMoment(exp) && exp > now - leewaySeconds)) &&
    (nbf === undefined || (isMoment(nbf) && nbf <= now + leewaySeconds)) &&
    (iat === undefined || (isMoment(iat) && iat <= now + leewaySeconds))
  )
}

/** The members of `aud`, which may be one string or a list (RFC 7519 §4.1.3). */
export function audiencesOf({ aud }: Claims): readonly string[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return list.filter((value) => typeof value === 'string')
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
