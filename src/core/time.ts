import { ResealError } from './errors.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number
/** Whole seconds since 1970-01-01T00:00:00Z, as NumericDate counts them (RFC 7519 §2). */
export type EpochSeconds = number
/** Where a part of reseal reads the time from; tests pass a frozen one. */
export type Clock = () => EpochMs

export const systemClock: Clock = () => Date.now()

/** The NumericDate of a moment: never rounded up, so an `iat` made from it is never ahead of the clock. */
export function epochSeconds(ms: EpochMs): EpochSeconds {
  return Math.floor(ms / 1000)
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Reads a duration as users write it: `250ms`, `15m`, `24h`, `1h30m`, `2d`.
 * @returns milliseconds
 * @throws ResealError CONFIG_INVALID when the text is not a duration
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new ResealError('CONFIG_INVALID', `"${text}" is not a duration`, {
      hint: 'Write a number and a unit: 250ms, 30s, 15m, 24h, 2d or 1h30m.',
    })
  }
  return parts.reduce((sum, part) => sum + Number(part[1]) * UNITS[part[2] as keyof typeof UNITS], 0)
}

/** A duration as a person says it, in its two largest units: `2d 3h`, `15m`, `480ms`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`
  if (ms < 1000) return `${Math.round(ms)}ms`
  const parts: string[] = []
  let rest = Math.round(ms / 1000) * 1000
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNITS[unit])
    rest -= count * UNITS[unit]
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}

/** `2026-11-20T19:16:00.000Z`; a moment no Date can hold is given as its number. */
export function formatMoment(ms: EpochMs): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms)
}
