import type { HttpRequest } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import { printable } from '../core/printable.ts'
import type { EpochMs } from '../core/time.ts'
import type { JournalEntry } from './journal-entry.ts'
import type { ReplayAnswer, ReplayVerdict } from './replay-answer.ts'
import { targetRing } from './target-ring.ts'

/** A request, and what became of it. */
export interface JournalRow {
  readonly at: EpochMs
  readonly listener: string
  readonly request: Pick<HttpRequest, 'method' | 'target'>
  readonly verdict: Written
  readonly status: number
  readonly tookMs: number
  /** By `performance.now()`. */
  readonly doneMs: number
}

/** A verdict, or that there was none for a reason of reseal's own. */
export type Written =
  | (Omit<ReplayAnswer, 'response'> & ReplayVerdict)
  | { readonly kind: 'failed'; readonly faults?: undefined }

/**
 * The newest rows, by their numbers from 1. Nothing is masked before it is read. Numbers are kept in typed arrays, and
 * targets as bytes: objects and texts that come anew with each request, and stay for the next thousands, outlive two
 * collections of the young, and then fill the heap until a full one.
 */
export interface JournalRows {
  /** Numbers come in their order; a row takes the place of the one that came as many before it as there are places. */
  write(number: number, row: JournalRow): void
  /** One of the newest rows. */
  read(number: number): JournalEntry
  /** The same of {@link JournalRow.doneMs} alone. */
  doneMs(number: number): number
  /** Lets go of the objects that rows hold. */
  clear(): void
}

/** Characters of a target that a row holds: with all else it is a few kilobytes at most. */
const MAX_TARGET = 1024

/** Where the numbers of a row are, of {@link NUMBERS} one behind the other. */
const AT = 0
const PAIR = 1
const STATUS = 2
const TOOK_MS = 3
const DONE_MS = 4
const IS_CUT = 5
const NUMBERS = 6

/** Stands for no pair: their ids begin at 1. */
const NO_PAIR = 0

/** @param places how many rows are held */
export function journalRows(places: number): JournalRows {
  const numbers = new Float64Array(places * NUMBERS)
  // Texts of which there are few: all requests have the same objects.
  const listeners = Array.from({ length: places }, () => '')
  const methods = Array.from({ length: places }, () => '')
  const verdicts = Array.from({ length: places }, (): JournalEntry['verdict'] => 'failed')
  /** What few rows have, by place. */
  const details = new Map<number, Pick<JournalEntry, 'nearest' | 'faults'>>()
  const targets = targetRing(places)
  return {
    write(number, { at, listener, request: { method, target }, verdict, status, tookMs, doneMs }) {
      const place = number % places
      listeners[place] = listener
      methods[place] = method
      verdicts[place] = verdict.kind
      const isCut = target.length > MAX_TARGET
      targets.write(number, isCut ? beginningOf(target) : target)
      const row = place * NUMBERS
      numbers[row + AT] = at
      numbers[row + PAIR] = verdict.kind === 'hit' ? verdict.pair : NO_PAIR
      numbers[row + STATUS] = status
      numbers[row + TOOK_MS] = tookMs
      numbers[row + DONE_MS] = doneMs
      numbers[row + IS_CUT] = isCut ? 1 : 0
      const nearest = verdict.kind === 'miss' ? verdict.near : undefined
      if (nearest !== undefined || verdict.faults !== undefined)
        details.set(place, { nearest, faults: verdict.faults })
      else if (details.size > 0) details.delete(place)
    },
    read(number) {
      const place = number % places
      const row = place * NUMBERS
      const pair = numbers[row + PAIR] ?? NO_PAIR
      const isCut = numbers[row + IS_CUT] === 1
      return {
        number,
        at: numbers[row + AT] ?? 0,
        listener: listeners[place] ?? '',
        method: printable(methods[place] ?? ''),
        target: maskedTarget(isCut ? `${targets.read(number)}…` : targets.read(number)),
        verdict: verdicts[place] ?? 'failed',
        pair: pair === NO_PAIR ? undefined : pair,
        nearest: details.get(place)?.nearest,
        faults: details.get(place)?.faults,
        status: numbers[row + STATUS] ?? 0,
        tookMs: Math.round((numbers[row + TOOK_MS] ?? 0) * 1000) / 1000,
      }
    },
    doneMs: (number) => numbers[(number % places) * NUMBERS + DONE_MS] ?? 0,
    clear: () => details.clear(),
  }
}

/** Cut where a part ends, so that no half secret is shown. */
function beginningOf(target: string): string {
  return /^.*[/?&;]/s.exec(target.slice(0, MAX_TARGET))?.[0] ?? ''
}
