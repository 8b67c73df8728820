import { ResealError } from '../core/errors.ts'
import { parseDuration } from '../core/time.ts'

const SHORTEST_MS = 100
const LONGEST_MS = 24 * 3_600_000

/**
 * Reads a timeout as users write it, `30s` or `2m`.
 * @returns milliseconds, 100 to 24 hours
 * @throws ResealError CONFIG_INVALID
 */
export function parseTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms
  throw new ResealError('CONFIG_INVALID', `"${text}" is no time to wait`, { hint: 'Write 100ms to 24h.' })
}
