import type { PairSource, PairTrait, RRPair } from '../../src/core/pair.ts'

/** A snapshot's pairs out of memory. */
export function aSource(...pairs: readonly RRPair[]): PairSource {
  return {
    count: pairs.length,
    heads: () => pairs,
    headPages: (traits) => [
      pairs.filter((pair) => traits === undefined || traits.some((trait) => has(pair, trait))),
    ],
    targets: (after, upTo) =>
      pairs
        .filter(({ id }) => id > after && id <= upTo)
        .map(({ id, request: { target } }) => ({ id, target })),
    askedPages: () => [pairs],
    requestPages: (traits) => [
      pairs.filter((pair) => traits === undefined || traits.some((trait) => has(pair, trait))),
    ],
    askedColumns: () => undefined,
    answer: (id) => pairs.find((pair) => pair.id === id),
    bodyAt: () => undefined,
    pair: (id) => pairs.find((pair) => pair.id === id),
  }
}

function has({ request }: RRPair, { methods, target = '', texts = [], content }: PairTrait): boolean {
  return (
    methods?.includes(request.method.toUpperCase()) !== false &&
    request.target.includes(target) &&
    texts.every((text) => request.target.includes(text) || request.target.includes('%')) &&
    (content === undefined || request.body.length > 0)
  )
}
