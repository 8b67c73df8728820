import type { HttpRequest } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import type { PairId } from '../core/pair.ts'
import { printable } from '../core/printable.ts'
import type { Clock, EpochMs } from '../core/time.ts'
import type { NearMiss } from '../match/near-miss.ts'
import type { ReplayAnswer, ReplayVerdict } from './replay-answer.ts'

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
/** Characters of a target that an entry holds: with all else it is a few kilobytes at most. */
const MAX_TARGET = 1024

/** What is kept of a request. Slots are made once and written over, and nothing is masked before it is read. */
interface Slot {
  number: number
  at: EpochMs
  listener: string
  method: string
  target: string
  verdict: JournalEntry['verdict']
  pair: PairId | undefined
  nearest: readonly NearMiss[] | undefined
  faults: readonly string[] | undefined
  status: number
  tookMs: number
  doneMs: number
}

/** @param capacity how many entries it holds, {@link JOURNAL_ENTRIES} unless told */
export function createJournal(clock: Clock, capacity: number = JOURNAL_ENTRIES): Journal {
  const slots = Array.from({ length: capacity }, emptySlot)
  const waiting = createWaitingRoom()
  let last = 0
  let cleared = 0
  const first = (): number => Math.max(cleared, last - capacity) + 1
  const write = (noted: Noted, verdict: Written, status: number): void => {
    last += 1
    const slot = slots[last % capacity]
    if (slot === undefined) return
    slot.number = last
    fill(slot, noted, verdict, status, clock())
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
      return Array.from({ length: count }, (_, at) => entryOf(slots[(from + at) % capacity] ?? emptySlot()))
    },
    doneMs: (number) => slots[number % capacity]?.doneMs ?? 0,
    next: async (number, mostMs, signal) => {
      if (last <= number) await waiting.wait(mostMs, signal)
    },
    note: (listener, request, answer, startedMs) => {
      const noted = { listener, request, startedMs }
      const { response } = answer
      if (response instanceof Promise) {
        response.then(
          ({ status }) => write(noted, answer, status),
          () => write(noted, FAILED, 500),
        )
        return
      }
      const relayed = response.delivery?.relay?.status
      if (relayed === undefined) write(noted, answer, response.status)
      else void relayed.then((status) => write(noted, answer, status))
    },
    noteFailure: (listener, request, startedMs) => write({ listener, request, startedMs }, FAILED, 500),
    clear: () => {
      cleared = last
      for (const slot of slots) Object.assign(slot, emptySlot())
    },
    close: waiting.close,
  }
}

interface Noted {
  readonly listener: string
  readonly request: HttpRequest
  readonly startedMs: number
}

const FAILED: { readonly kind: 'failed'; readonly faults?: undefined } = { kind: 'failed' }

type Written = (Omit<ReplayAnswer, 'response'> & ReplayVerdict) | typeof FAILED

function fill(slot: Slot, noted: Noted, verdict: Written, status: number, now: EpochMs): void {
  const { listener, request, startedMs } = noted
  const { method, target } = request
  slot.at = now
  slot.listener = listener
  slot.method = method
  slot.target = target.length > MAX_TARGET ? beginningOf(target) : target
  slot.verdict = verdict.kind
  slot.pair = verdict.kind === 'hit' ? verdict.pair : undefined
  slot.nearest = verdict.kind === 'miss' ? verdict.near : undefined
  slot.faults = verdict.faults
  slot.status = status
  slot.doneMs = performance.now()
  slot.tookMs = slot.doneMs - startedMs
}

/** A copy: a part of a text keeps the whole of it in memory. Cut where a part ends, so that no half secret is shown. */
function beginningOf(target: string): string {
  const [whole = ''] = /^.*[/?&;]/s.exec(target.slice(0, MAX_TARGET)) ?? []
  return Buffer.from(`${whole}…`).toString()
}

function entryOf({ method, target, tookMs, doneMs: _doneMs, ...slot }: Slot): JournalEntry {
  return {
    ...slot,
    method: printable(method),
    target: maskedTarget(target),
    tookMs: Math.round(tookMs * 1000) / 1000,
  }
}

function emptySlot(): Slot {
  return {
    number: 0,
    at: 0,
    listener: '',
    method: '',
    target: '',
    verdict: 'failed',
    pair: undefined,
    nearest: undefined,
    faults: undefined,
    status: 0,
    tookMs: 0,
    doneMs: 0,
  }
}

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
