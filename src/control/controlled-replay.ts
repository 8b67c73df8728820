import type { ResealError } from '../core/errors.ts'
import type { PairHead, PairId } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import type { JournalView } from '../respond/journal.ts'
import type { MissBook } from '../respond/miss-book.ts'
import type { Coverage } from '../respond/plan.ts'
import type { ReplayFaults } from '../respond/replay-faults.ts'
import type { Verdict } from '../respond/traffic.ts'
import type { ChainReport } from '../transform/compile.ts'

/** A replay as the control API sees it: all of it is asked anew each time, since plans are replaced. */
export interface ControlledReplay {
  readonly journal: JournalView
  readonly misses: MissBook
  readonly faults: Pick<ReplayFaults, 'set' | 'clear' | 'list' | 'total'>
  /** Requests by verdict, over the life of the process. */
  counts(): Readonly<Partial<Record<Verdict, number>>>
  plan(): PlanFacts
  coverage(): Coverage
  /** Pairs without bodies, in order, after this one. */
  pairs(after: PairId): Iterable<PairHead>
  /** Starts afresh: journal, misses, the positions of sequences, and how often faults have happened. */
  reset(): void | Promise<void>
  /**
   * Where several processes serve: resolves when all of them know what was changed, and when what they have answered until
   * now is in journal, counts and coverage. Left out where one does.
   */
  readonly sync?: (() => Promise<void>) | undefined
  /** How many processes serve. */
  processes(): number
  /** CPU time and memory of the workers, which are processes beside this one. */
  readonly usage?: (() => { readonly cpuMicros: number; readonly rssBytes: number }) | undefined
  /** @throws ResealError where what is there now cannot be served */
  reload(): Promise<PlanFacts>
}

/** The plan that serves, and what it was made of. */
export interface PlanFacts {
  readonly revision: number
  readonly loadedAt: EpochMs
  readonly snapshot: string
  readonly files: readonly { readonly path: string; readonly sha256: string | undefined }[]
  readonly chains: readonly ChainReport[]
  /** What is there now and cannot be served. */
  readonly refused: { readonly at: EpochMs; readonly error: ResealError } | undefined
  readonly loads: { readonly good: number; readonly refused: number }
}
