import type { PairSource, RRPair } from '../../src/core/pair.ts'

/** A snapshot's pairs out of memory. */
export function aSource(...pairs: readonly RRPair[]): PairSource {
  return {
    heads: () => pairs,
    asked: () => pairs,
    answer: (id) => pairs.find((pair) => pair.id === id),
    pair: (id) => pairs.find((pair) => pair.id === id),
  }
}
