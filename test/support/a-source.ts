import type { PairSource, RRPair } from '../../src/core/pair.ts'

/** A snapshot's pairs out of memory. */
export function aSource(...pairs: readonly RRPair[]): PairSource {
  return {
    heads: () => pairs,
    asked: () => pairs,
    askedColumns: () => undefined,
    answer: (id) => pairs.find((pair) => pair.id === id),
    pair: (id) => pairs.find((pair) => pair.id === id),
  }
}
