import type { PairId } from '../core/pair.ts'
import type { Write } from './write-history.ts'

/** The recorded writes that a client has driven, as far as a later one has not made them void. */
export interface ReplayedWrites {
  has(pair: PairId): boolean
  add(write: Write): void
}

/** No write yet. */
export function createReplayedWrites(): ReplayedWrites {
  const inForce = new Set<PairId>()
  const byPath = new Map<string, Set<PairId>>()

  const forget = (path: string): void => {
    for (const pair of byPath.get(path) ?? []) inForce.delete(pair)
    byPath.delete(path)
  }
  return {
    has: (pair) => inForce.has(pair),
    add({ pair, place, replaces }) {
      if (replaces !== 'nothing') forget(place)
      if (replaces === 'all below') {
        for (const other of byPath.keys()) if (other.startsWith(`${place}/`)) forget(other)
      }
      const known = byPath.get(place) ?? new Set()
      byPath.set(place, known.add(pair))
      inForce.add(pair)
    },
  }
}
