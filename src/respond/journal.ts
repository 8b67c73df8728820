import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
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
  /** When the request was here. */
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
  /** Undefined while the answer is being made. */
  readonly status: number | undefined
  /** From the request to its answer, in milliseconds; the way over the network is not in it. */
  readonly tookMs: number | undefined
}

/** The last requests and what became of them. */
export interface Journal {
  /** Number of the newest entry; 0 before the first. */
  readonly last: number
  /** Number of the oldest entry that is still here; above {@link Journal.last} when there is none. */
  readonly first: number
  /** Entries after this number, oldest first, at most so many. */
  after(number: number, most: number): readonly JournalEntry[]
  /** Resolves at the next entry after this number, or when the signal ends the wait or the journal is closed. */
  next(number: number, signal: AbortSignal): Promise<void>
  readonly isClosed: boolean
  /** Notes a request as it is answered. @param startedMs by `performance.now()` */
  note(listener: string, request: HttpRequest, answer: ReplayAnswer, startedMs: number): void
  /** Notes a request that could not be answered for a reason of reseal's own. */
  noteFailure(listener: string, request: HttpRequest, startedMs: number): void
  /** Forgets all entries; numbers go on. */
  clear(): void
  /** Whoever waits is let go. */
  close(): void
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
  status: number | undefined
  tookMs: number | undefined
}

/** @param capacity how many entries it holds, {@link JOURNAL_ENTRIES} unless told */
export function createJournal(clock: Clock, capacity: number = JOURNAL_ENTRIES): Journal {
  const slots = Array.from({ length: capacity }, emptySlot)
  const waiting = new Set<() => void>()
  let last = 0
  let clearedTo = 0
  let isClosed = false

  const wake = (): void => {
    for (const resume of waiting) resume()
    waiting.clear()
  }
  const write = (listener: string, { method, target }: HttpRequest, kind: JournalEntry['verdict']): Slot => {
    last += 1
    const slot = slots[last % capacity] ?? emptySlot()
    slot.number = last
    slot.at = clock()
    slot.listener = listener
    slot.method = method
    slot.target = target.length > MAX_TARGET ? beginningOf(target) : target
    slot.verdict = kind
    slot.pair = undefined
    slot.nearest = undefined
    slot.status = undefined
    slot.tookMs = undefined
    if (waiting.size > 0) wake()
    return slot
  }
  const first = (): number => Math.max(clearedTo, last - capacity) + 1

  return {
    get last() {
      return last
    },
    get first() {
      return first()
    },
    get isClosed() {
      return isClosed
    },
    after: (number, most) => {
      const from = Math.max(number + 1, first())
      const count = Math.min(most, Math.max(0, last - from + 1))
      return Array.from({ length: count }, (_, at) => entryOf(slots[(from + at) % capacity] ?? emptySlot()))
    },
    next: (number, signal) =>
      new Promise((resolve) => {
        if (isClosed || signal.aborted || last > number) {
          resolve()
          return
        }
        const resume = (): void => {
          waiting.delete(resume)
          signal.removeEventListener('abort', resume)
          resolve()
        }
        waiting.add(resume)
        signal.addEventListener('abort', resume)
      }),
    note: (listener, request, answer, startedMs) => {
      const slot = write(listener, request, answer.kind)
      if (answer.kind === 'hit') slot.pair = answer.pair
      if (answer.kind === 'miss') slot.nearest = answer.near
      const { response } = answer
      if (response instanceof Promise) settle(slot, response, startedMs)
      else finish(slot, response.status, startedMs)
    },
    noteFailure: (listener, request, startedMs) => finish(write(listener, request, 'failed'), 500, startedMs),
    clear: () => {
      clearedTo = last
      for (const slot of slots) Object.assign(slot, emptySlot())
    },
    close: () => {
      isClosed = true
      wake()
    },
  }
}

function finish(slot: Slot, status: number, startedMs: number): void {
  slot.status = status
  slot.tookMs = performance.now() - startedMs
}

/** The answer may come when its slot is another request's already. */
function settle(slot: Slot, response: Promise<HttpResponse>, startedMs: number): void {
  const { number } = slot
  response.then(
    ({ status }) => {
      if (slot.number === number) finish(slot, status, startedMs)
    },
    () => {
      if (slot.number !== number) return
      slot.verdict = 'failed'
      finish(slot, 500, startedMs)
    },
  )
}

/** A copy: a part of a text keeps the whole of it in memory. Cut where a part ends, so that no half secret is shown. */
function beginningOf(target: string): string {
  const [whole = ''] = /^.*[/?&;]/s.exec(target.slice(0, MAX_TARGET)) ?? []
  return Buffer.from(`${whole}…`).toString()
}

function entryOf({ method, target, tookMs, ...slot }: Slot): JournalEntry {
  return {
    ...slot,
    method: printable(method),
    target: maskedTarget(target),
    tookMs: tookMs === undefined ? undefined : Math.round(tookMs * 1000) / 1000,
  }
}

function emptySlot(): Slot {
  return {
    number: 0,
    at: 0,
    listener: '',
    method: '',
    target: '',
    verdict: 'miss',
    pair: undefined,
    nearest: undefined,
    status: undefined,
    tookMs: undefined,
  }
}
