import { availableParallelism } from 'node:os'

/** Says how many processes a replay may have, and how busy its first one is. */
export interface Growth {
  /** How many at most, the first among them; 1 for no other. */
  readonly most: number
  /**
   * Has this told again and again in which share of the time since then this process was busy, 0 to 1.
   * @returns ends it
   */
  watch(look: (busy: number) => void): () => void
}

/** More than these are started only where their number was given. */
const MOST_BY_ITSELF = 64
/** How often it is looked. */
const LOOK_MS = 1000

/**
 * As many processes as the machine has use for: one core is for whoever asks.
 * @param cores that this process may use, which goes by its affinity and its cgroup's quota
 */
export function growthWithLoad(cores: number = availableParallelism()): Growth {
  return {
    most: Math.min(MOST_BY_ITSELF, Math.max(1, cores - 1)),
    watch: (look) => {
      let before = performance.eventLoopUtilization()
      const looking = setInterval(() => {
        const now = performance.eventLoopUtilization()
        const { utilization } = performance.eventLoopUtilization(now, before)
        before = now
        look(utilization)
      }, LOOK_MS).unref()
      return () => clearInterval(looking)
    },
  }
}
