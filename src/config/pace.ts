import { ResealError } from '../core/errors.ts'

const SLOWEST = 0.01
const FASTEST = 1000

/**
 * Reads how fast a replay answers: `none` does not wait, `recorded` waits as recorded, `4x` is four times as fast.
 * @returns how many times as fast as recorded, 0.01 to 1000; undefined for no waits at all
 * @throws ResealError CONFIG_INVALID
 */
export function parsePace(text: string): number | undefined {
  if (text === 'none') return undefined
  if (text === 'recorded') return 1
  const times = Number(/^(\d{1,4}(?:\.\d{1,4})?)x$/.exec(text)?.[1] ?? Number.NaN)
  if (times >= SLOWEST && times <= FASTEST) return times
  throw new ResealError('CONFIG_INVALID', `"${text}" is not a pace`, {
    hint: `Write none, recorded, or how many times as fast: 0.5x, 2x, 10x (${SLOWEST}x to ${FASTEST}x).`,
  })
}
