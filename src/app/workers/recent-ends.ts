/** Counts the workers that ended lately, so that one that cannot live is not started for ever. */
export interface RecentEnds {
  note(): void
  /** More than {@link MOST_ENDS} within a minute. */
  areTooMany(): boolean
}

/** A worker that ends is replaced so often in so long. */
export const MOST_ENDS = 5
const LATELY_MS = 60_000

export function createRecentEnds(): RecentEnds {
  let ends: readonly number[] = []
  const recent = (): readonly number[] => ends.filter((at) => performance.now() - at < LATELY_MS)
  return {
    note: () => {
      ends = [...recent(), performance.now()]
    },
    areTooMany: () => recent().length > MOST_ENDS,
  }
}
