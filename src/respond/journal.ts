import type { HttpRequest } from '../core/exchange.ts'
import type { Clock } from '../core/time.ts'
import type { JournalEntry } from './journal-entry.ts'
import { journalRows, type Written } from './journal-rows.ts'
import type { ReplayAnswer } from './replay-answer.ts'

/** The last requests and what became of them, in the order in which their answers were there, to be read. */
export interface JournalView {
  /** Number of the newest entry; 0 before the first. */
  readonly last: number
  /** Number of the oldest entry that is still here; above {@link Journal.last} when there is none. */
  readonly first: number
  /** Number of the newest entry when the journal was last cleared. */
  readonly cleared: number
  /** Entries after this number, oldest first, at most so many. */
  after(number: number, most: number): readonly JournalEntry[]
  /** Resolves at the next entry after this number, after so long, at the signal, and when the journal is closed. */
  next(number: number, mostMs: number, signal: AbortSignal): Promise<void>
  readonly isClosed: boolean
  /** Forgets all entries; numbers go on. */
  clear(): void
  /** Whoever waits is let go. */
  close(): void
}

/** A journal of one process, which notes its requests. */
export interface Journal extends JournalView {
  /** When the entry of this number was noted, by `performance.now()`. */
  doneMs(number: number): number
  /** Notes a request once its answer is there. @param startedMs by `performance.now()` */
  note(listener: string, request: HttpRequest, answer: ReplayAnswer, startedMs: number): void
  /** Notes a request that could not be answered for a reason of reseal's own. */
  noteFailure(listener: string, request: HttpRequest, startedMs: number): void
}

/** How many requests a journal holds. */
export const JOURNAL_ENTRIES = 4096

/** @param capacity how many entries it holds, {@link JOURNAL_ENTRIES} unless told */
export function createJournal(clock: Clock, capacity: number = JOURNAL_ENTRIES): Journal {
  const rows = journalRows(capacity)
  const waiting = createWaitingRoom()
  let last = 0
  let cleared = 0
  const first = (): number => Math.max(cleared, last - capacity) + 1
  const write = (
    listener: string,
    request: HttpRequest,
    verdict: Written,
    status: number,
    startedMs: number,
  ): void => {
    last += 1
    const doneMs = performance.now()
    rows.write(last, { at: clock(), listener, request, verdict, status, doneMs, tookMs: doneMs - startedMs })
    waiting.wake()
  }
  return {
    get last() {
      return last
    },
    get first() {
      return first()
    },
    get cleared() {
      return cleared
    },
    get isClosed() {
      return waiting.isClosed
    },
    after: (number, most) => {
      const from = Math.max(number + 1, first())
      const count = Math.min(most, Math.max(0, last - from + 1))
      return Array.from({ length: count }, (_, at) => rows.read(from + at))
    },
    doneMs: rows.doneMs,
    next: async (number, mostMs, signal) => {
      if (last <= number) await waiting.wait(mostMs, signal)
    },
    note: (listener, request, answer, startedMs) => {
      const { response } = answer
      const relayed = response instanceof Promise ? undefined : response.delivery?.relay?.status
      if (response instanceof Promise) {
        response.then(
          ({ status }) => write(listener, request, answer, status, startedMs),
          () => write(listener, request, FAILED, 500, startedMs),
        )
      } else if (relayed === undefined) write(listener, request, answer, response.status, startedMs)
      else void relayed.then((status) => write(listener, request, answer, status, startedMs))
    },
    noteFailure: (listener, request, startedMs) => write(listener, request, FAILED, 500, startedMs),
    clear: () => {
      cleared = last
      rows.clear()
    },
    close: waiting.close,
  }
}

const FAILED = { kind: 'failed' } as const

interface WaitingRoom {
  wait(mostMs: number, signal: AbortSignal): Promise<void>
  wake(): void
  readonly isClosed: boolean
  close(): void
}

function createWaitingRoom(): WaitingRoom {
  const waiting = new Set<() => void>()
  let isClosed = false
  const wake = (): void => {
    if (waiting.size === 0) return
    for (const resume of waiting) resume()
  }
  return {
    wait: (mostMs, signal) =>
      new Promise((resolve) => {
        const resume = (): void => {
          clearTimeout(patience)
          waiting.delete(resume)
          signal.removeEventListener('abort', resume)
          resolve()
        }
        const patience = setTimeout(resume, mostMs).unref()
        waiting.add(resume)
        signal.addEventListener('abort', resume)
        if (isClosed || signal.aborted) resume()
      }),
    wake,
    get isClosed() {
      return isClosed
    },
    close: () => {
      isClosed = true
      wake()
    },
  }
}
