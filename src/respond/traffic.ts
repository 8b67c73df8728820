import type { HttpRequest } from '../core/exchange.ts'
import type { Clock } from '../core/time.ts'
import type { JournalEntry } from './journal-entry.ts'
import { createJournal, type Journal } from './journal.ts'
import { createMissBook, type MissBook } from './miss-book.ts'
import type { Answerer, ReplayAnswer } from './replay-answer.ts'

/** What passed through a replay. */
export interface Traffic {
  readonly journal: Journal
  readonly misses: MissBook
  /** How many requests had each verdict, over the life of the process; those that had none are not here. */
  counts(): VerdictCounts
  /**
   * One that answers as the answerer does, and whose requests are counted here.
   * @param listener its URL
   */
  observe(answerer: Answerer, listener: () => string): Answerer
  /** Notes a request that was answered. @param startedMs by `performance.now()` */
  note(listener: string, request: HttpRequest, answer: ReplayAnswer, startedMs: number): void
  /** Forgets the journal and the misses; counts go on. */
  reset(): void
}

export type Verdict = JournalEntry['verdict']

export type VerdictCounts = Readonly<Partial<Record<Verdict, number>>>

/** What two processes counted, together. */
export function addedCounts(one: VerdictCounts, other: VerdictCounts): VerdictCounts {
  const sum: Partial<Record<Verdict, number>> = { ...one }
  for (const verdict of VERDICTS) {
    const count = other[verdict]
    if (count !== undefined) sum[verdict] = (sum[verdict] ?? 0) + count
  }
  return sum
}

const VERDICTS: readonly Verdict[] = [
  'hit',
  'miss',
  'issuer',
  'fault',
  'unauthorized',
  'passthrough',
  'failed',
]

/** @param onAnswer told of every request as it is answered */
export function createTraffic(
  clock: Clock,
  onAnswer: (request: HttpRequest, answer: ReplayAnswer) => void,
): Traffic {
  const journal = createJournal(clock)
  const misses = createMissBook(clock)
  const counts = { hit: 0, miss: 0, issuer: 0, fault: 0, unauthorized: 0, passthrough: 0, failed: 0 }
  const note: Traffic['note'] = (listener, request, answer, startedMs) => {
    counts[answer.kind] += 1
    journal.note(listener, request, answer, startedMs)
    if (answer.kind === 'miss') misses.note(request, answer.near)
    onAnswer(request, answer)
  }
  return {
    journal,
    misses,
    counts: () => Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    observe: (answerer, listener) => (request) => {
      const startedMs = performance.now()
      let answer: ReplayAnswer
      try {
        answer = answerer(request)
      } catch (error) {
        counts.failed += 1
        journal.noteFailure(listener(), request, startedMs)
        throw error
      }
      note(listener(), request, answer, startedMs)
      return answer
    },
    note,
    reset: () => {
      journal.clear()
      misses.clear()
    },
  }
}
