/**
 * How surely a pair is in the snapshot when its client has the last byte of the response. `maxUncommitted`: pairs that
 * may be behind their clients. `gatherMs`: how long pairs of a busy recorder wait for others to share a commit with.
 */
export const DURABILITIES = {
  /** Always, SIGKILL included; a power failure may take the last commits. */
  normal: { maxUncommitted: 0, waitsForDisk: false, gatherMs: 2 },
  /** Always, a power failure included: each commit waits for the disk. */
  full: { maxUncommitted: 0, waitsForDisk: true, gatherMs: 2 },
  /** All but the last 256 pairs at most: responses wait for nothing until so many are behind. */
  relaxed: { maxUncommitted: 256, waitsForDisk: false, gatherMs: 20 },
} as const

export type Durability = keyof typeof DURABILITIES

/** Whether a word is one of {@link DURABILITIES}. */
export function isDurability(word: string): word is Durability {
  return Object.hasOwn(DURABILITIES, word)
}
