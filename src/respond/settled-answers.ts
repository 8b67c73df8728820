import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { PairId, PairSource } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import { epochSeconds, type Clock, type EpochSeconds } from '../core/time.ts'
import type { SecretClasses } from '../redact/classes.ts'
import { askedColumns } from './asked-scan.ts'
import type { NarrowList } from './given-secrets.ts'
import { createMatcher, type MatchSettings } from './matcher.ts'
import { pairIndex } from './pair-index.ts'
import type { RecordedSpeed } from './recorded-answer.ts'
import { createResponses } from './recorded-responses.ts'
import { servedEntries } from './served-entries.ts'
import { createSessions } from './sessions.ts'

/**
 * Answers that are the same whatever was asked before, and by whom: all that a process can give that knows nothing of
 * the requests which other processes answer.
 */
export interface SettledAnswers {
  /** The answer to a request; undefined where more has to be known. */
  answer(request: HttpRequest, origin: string | undefined): SettledHit | undefined
  /** Whether the request has an answer in the place of a 100, or may have one. */
  mayBeRefused(request: HttpRequest, origin: string | undefined): boolean
  /** Keeps what a step made of a pair. @param second the only one that it is for; undefined for any */
  keep(pair: PairId, response: HttpResponse, second: EpochSeconds | undefined): void
  /** The pairs that were an answer since this was last asked. */
  newlyServed(): readonly PairId[]
  readonly size: number
  /** How many pairs cannot be served. */
  readonly unservable: number
}

export interface SettledHit {
  readonly kind: 'hit'
  readonly pair: PairId
  readonly response: HttpResponse | Promise<HttpResponse>
}

export interface SettledInput extends RecordedSpeed {
  readonly pairs: PairSource
  readonly match: MatchSettings
  readonly secrets: SecretClasses
  /** Pairs whose responses steps change: what they serve is kept once it was given. */
  readonly changed: ReadonlySet<PairId>
  readonly clock: Clock
  readonly cacheBytes: number
}

/** What steps made that is kept; more begin anew. */
const MOST_KEPT = 10_000

/** Indexes the snapshot as a plan does. */
export function* settledAnswers(input: SettledInput): Sliced<SettledAnswers> {
  const { pairs, match, secrets, changed, clock } = input
  const index = yield* pairIndex(yield* askedColumns(pairs, match.book, secrets))
  const sessions = createSessions({ by: 'none' })
  // Of several answers none is settled, so that there is nothing to narrow.
  const narrow: NarrowList = (list) => list
  const matcher = createMatcher({ index, history: undefined, secrets, narrow }, match, sessions)
  const responses = createResponses(
    { ...input, transforms: { responses: new Map() } },
    sessions,
    index.newest,
  )
  const kept = new Map<
    PairId,
    { readonly response: HttpResponse; readonly second: EpochSeconds | undefined }
  >()
  const served = servedEntries(index, undefined)
  let fresh: PairId[] = []

  const keptFor = (pair: PairId): HttpResponse | undefined => {
    const known = kept.get(pair)
    const isOfNow = known?.second === undefined || known.second === epochSeconds(clock())
    return isOfNow ? known?.response : undefined
  }
  return {
    answer: (request, origin) => {
      const entry = matcher.settled(request, origin)
      if (entry === -1) return undefined
      const pair = index.id(entry)
      const response = changed.has(pair) ? keptFor(pair) : responses.of(pair, request)
      if (response === undefined) return undefined
      if (served.mark(entry)) fresh.push(pair)
      return { kind: 'hit', pair, response }
    },
    mayBeRefused: (request, origin) => {
      const entry = matcher.settled(request, origin)
      return entry === -1 || index.isRefusal(entry)
    },
    keep: (pair, response, second) => {
      if (kept.size >= MOST_KEPT) kept.clear()
      kept.set(pair, { response: { ...response, memo: {} }, second })
    },
    newlyServed: () => {
      const since = fresh
      fresh = []
      return since
    },
    size: index.size,
    unservable: index.unservable.length,
  }
}
