import type { Handler, HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { Clock } from '../core/time.ts'
import { createJournal, type Journal, type JournalEntry } from './journal.ts'
import { createMissBook, type MissBook } from './miss-book.ts'
import type { Answerer, ReplayAnswer } from './replay-answer.ts'

/** What passed through a replay. */
export interface Traffic {
  readonly journal: Journal
  readonly misses: MissBook
  /** How many requests had each verdict, over the life of the process; those that had none are not here. */
  counts(): Readonly<Partial<Record<Verdict, number>>>
  /**
   * A handler that answers as the answerer does, and whose requests are counted here.
   * @param listener its URL
   */
  observe(answerer: Answerer, listener: () => string): Handler
  /** Forgets the journal and the misses; counts go on. */
  reset(): void
}

export type Verdict = JournalEntry['verdict']

/** @param onAnswer told of every request as it is answered */
export function createTraffic(
  clock: Clock,
  onAnswer: (request: HttpRequest, answer: ReplayAnswer) => void,
): Traffic {
  const journal = createJournal(clock)
  const misses = createMissBook(clock)
  const counts = new Map<Verdict, number>()
  const count = (verdict: Verdict): void => {
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  }
  return {
    journal,
    misses,
    counts: () => Object.fromEntries(counts),
    observe:
      (answerer, listener) =>
      (request): HttpResponse | Promise<HttpResponse> => {
        const startedMs = performance.now()
        let answer: ReplayAnswer
        try {
          answer = answerer(request)
        } catch (error) {
          count('failed')
          journal.noteFailure(listener(), request, startedMs)
          throw error
        }
        count(answer.kind)
        journal.note(listener(), request, answer, startedMs)
        if (answer.kind === 'miss') misses.note(request, answer.near)
        onAnswer(request, answer)
        return answer.response
      },
    reset: () => {
      journal.clear()
      misses.clear()
    },
  }
}
