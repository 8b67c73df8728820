import type { PairId } from '../core/pair.ts'
import type { PairIndex } from './pair-index.ts'

/** Which entries of an index were an answer. */
export interface ServedEntries {
  readonly count: number
  /** @returns whether it is the first time */
  mark(entry: number): boolean
  /** The same for pairs; those that are no entry are left out. */
  markPairs(pairs: ReadonlySet<PairId>): void
  /** The pairs that were. */
  pairs(): ReadonlySet<PairId>
  /** The pairs that never were, by id. */
  others(): readonly PairId[]
}

/** @param before the pairs that were an answer already */
export function servedEntries(
  index: Pick<PairIndex, 'size' | 'id'>,
  before: ReadonlySet<PairId> | undefined,
): ServedEntries {
  let marks = new Uint8Array(index.size)
  if (before !== undefined && before.size > 0)
    marks = marks.map((_, entry) => (before.has(index.id(entry)) ? 1 : 0))
  let count = marks.reduce((sum, mark) => sum + mark, 0)
  const idsOf = (mark: 0 | 1): PairId[] => {
    const ids: PairId[] = []
    for (let entry = 0; entry < index.size; entry += 1)
      if ((marks[entry] ?? 0) === mark) ids.push(index.id(entry))
    return ids
  }
  const mark = (entry: number): boolean => {
    if (marks[entry] === 1) return false
    if (entry >= marks.length) {
      const more = new Uint8Array(index.size * 2)
      more.set(marks)
      marks = more
    }
    marks[entry] = 1
    count += 1
    return true
  }
  return {
    get count() {
      return count
    },
    mark,
    markPairs: (pairs) => {
      if (pairs.size === 0) return
      for (let entry = 0; entry < index.size; entry += 1) if (pairs.has(index.id(entry))) mark(entry)
    },
    pairs: () => new Set(idsOf(1)),
    // Those that were added since came as they ended, not as they began.
    others: () => idsOf(0).toSorted((a, b) => a - b),
  }
}
