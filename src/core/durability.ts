/** How surely a pair is in the snapshot when its client has the last byte of the response. */
export const DURABILITIES = {
  /** Always, SIGKILL included; a power failure may take the last commits. */
  normal: { maxUncommitted: 0, waitsForDisk: false },
  /** Always, a power failure included: each commit waits for the disk. */
  full: { maxUncommitted: 0, waitsForDisk: true },
  /** All but the last 256 pairs at most: responses wait for nothing until so many are behind. */
  relaxed: { maxUncommitted: 256, waitsForDisk: false },
} as const

export type Durability = keyof typeof DURABILITIES

/** Whether a word is one of {@link DURABILITIES}. */
export function isDurability(word: string): word is Durability {
  return Object.hasOwn(DURABILITIES, word)
}
