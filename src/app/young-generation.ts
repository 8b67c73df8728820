import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Both halves of the young generation. Twice as much for V8's own limit of 128 MiB gained no CPU in any replay. */
const YOUNG_BYTES = 32 * 1024 * 1024
/** To double it twice between two looks, 24 MiB would have to outlive a collection meanwhile. */
const LOOK_MS = 250

/** What V8 multiplies the size by whenever more has outlived its collections than it holds. */
const GROWS = '--semi-space-growth-factor=2'
const STAYS = '--semi-space-growth-factor=1'

/**
 * Keeps the young generation of V8 at {@link YOUNG_BYTES}, of this whole process: for a command, not for a library.
 * Whatever lives through requests makes it grow, and it then holds its size in garbage. The flag is read each time it
 * might grow, and says nothing of what is there already; that it can be set while a program runs is Node's own
 * doing (`--no-freeze-flags-after-init`). Should a V8 pass it over, memory is as it was without. V8 makes the young
 * generation small when little happens, so that it has to be let grow again. Whoever gave Node a size of their own keeps it.
 * @param lookMs how often its size is looked at, which takes 3 µs
 * @returns ends it
 */
export function boundYoungGeneration(lookMs: number = LOOK_MS): () => void {
  if (/semi.space/.test([...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' '))) return () => {}
  let flag = GROWS
  const set = (next: string): void => {
    if (next !== flag) setFlagsFromString(next)
    flag = next
  }
  const look = (): void => set(youngBytes() * 2 > YOUNG_BYTES ? STAYS : GROWS)
  const timer = setInterval(look, lookMs).unref()
  look()
  return () => {
    clearInterval(timer)
    set(GROWS)
  }
}

/** Of both halves together. */
export function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}
