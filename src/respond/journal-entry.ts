import type { PairId } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import type { NearMiss } from '../match/near-miss.ts'
import type { ReplayVerdict } from './replay-answer.ts'

/** A request that was answered, as journals show it. */
export interface JournalEntry {
  /** From 1, without gaps, over the whole life of the process. */
  readonly number: number
  /** When the answer was there. */
  readonly at: EpochMs
  /** URL of the listener. */
  readonly listener: string
  readonly method: string
  /** Masked, and cut where it is long. */
  readonly target: string
  readonly verdict: ReplayVerdict['kind'] | 'failed'
  /** The pair that was served. */
  readonly pair: PairId | undefined
  /** The recorded pairs that come nearest to a miss. */
  readonly nearest: readonly NearMiss[] | undefined
  /** Ids of the faults that are in the answer. */
  readonly faults: readonly string[] | undefined
  /** 0 where the client got no answer. */
  readonly status: number
  /** From the request to its answer, in milliseconds; the way over the network is not in it. */
  readonly tookMs: number
}
