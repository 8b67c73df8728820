import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { AskedPair, PairId, PairSource } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import type { NearMiss } from '../match/near-miss.ts'
import { NO_CLASSES, type SecretClasses } from '../redact/classes.ts'
import type { SessionRule } from '../match/match-rules.ts'
import { createBearerCheck, type BearerKeys, type BearerRefusal } from './bearer-check.ts'
import { givenSecrets } from './given-secrets.ts'
import { createMatcher, type Choice, type MatchSettings } from './matcher.ts'
import { nearestPairs } from './nearest.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { askedColumns } from './asked-scan.ts'
import type { Compared } from './recorded-paths.ts'
import { growingIndex } from './growing-index.ts'
import { pairIndex } from './pair-index.ts'
import { createResponses, type ResponsesInput } from './recorded-responses.ts'
import { servedEntries } from './served-entries.ts'
import { createSessions, sessionName, type Sessions } from './sessions.ts'
import { createWriteHistory, type WriteHistory } from './write-history.ts'

/** A snapshot made ready to answer. */
export interface ReplayPlan {
  /**
   * Answers a request that came for an origin (`https://api.example.com`); undefined asks all backends of the
   * snapshot. Without tokens to sign, no promise is made.
   */
  answer(request: HttpRequest, origin: string | undefined): Answer
  /** Whether the answer to a request is the same whatever was asked before, and by whom. */
  isSettled(request: HttpRequest, origin: string | undefined): boolean
  /**
   * The recorded refusal of a request that waits for a 100 before it sends its content (RFC 9110 §10.1.1); undefined
   * when its content was asked for.
   */
  refusal(request: HttpRequest, origin: string | undefined): Hit | undefined
  /**
   * Takes in a pair that was stored since, and answers from then on as a plan that is made anew; false where only such a
   * plan would do, and then nothing is changed.
   */
  add(pair: AskedPair): boolean
  /** How many recorded pairs misses were compared with so far; undefined once it is all. */
  compared(): Compared | undefined
  /** From here on misses are compared with all recorded pairs, which takes seconds where there are a million. */
  compareWithAll(): void
  /** Repeats and writes begin anew, for every client. */
  reset(): void
  coverage(): Coverage
  /** How far each client has come. */
  readonly sessions: Sessions
  /** The pairs that were an answer. */
  served(): ReadonlySet<PairId>
  /** These were an answer too, given by another process. */
  noteServed(pairs: ReadonlySet<PairId>): void
  /** Status of the answer to a miss. */
  readonly missStatus: number
}

export interface Hit {
  readonly kind: 'hit'
  readonly pair: PairId
  readonly response: HttpResponse | Promise<HttpResponse>
}

/** What comes near a miss is looked for when it is asked for. */
export type Answer =
  | Hit
  /** The bearer token would not do; nothing was taken from the recording. */
  | (BearerRefusal & { readonly kind: 'unauthorized'; readonly pair: PairId })
  | { readonly kind: 'miss'; readonly near: () => readonly NearMiss[] }

/** Which pairs can be served, and which were. */
export interface Coverage {
  readonly pairs: number
  readonly served: number
  readonly neverServed: readonly PairId[]
  /** Pairs that hold no answer, or one their client did not wait for while the same user did for another. */
  readonly unservable: readonly PairId[]
  /** Origins of the recorded backends. */
  readonly backends: readonly string[]
}

export interface PlanInput extends ResponsesInput {
  readonly transforms: CompiledTransforms
  readonly match: MatchSettings
  /** How redacted requests are compared; by default no request is. */
  readonly secrets?: SecretClasses
  /** The plan whose place this one takes: clients stay where they are, and what was served stays so. */
  readonly before?: ReplayPlan | undefined
  /** Bearer tokens must be signed by one of these; undefined lets every request in. */
  readonly keys?: BearerKeys | undefined
}

/** Indexes the snapshot once; a request then costs one signature, one look-up and its slots. */
export function* createPlan(input: PlanInput): Sliced<ReplayPlan> {
  const { pairs, match, secrets = NO_CLASSES, before } = input
  const index = growingIndex(yield* pairIndex(yield* askedColumns(pairs, match.book, secrets)))
  const history = match.book.causal ? yield* historyOf(pairs, match.session) : undefined
  const sessions = sessionsAfter(before, match.session)
  const responses = createResponses(input, sessions, index.newest)
  const asRecorded = learntOf(input, sessions)
  const matched = { index, history, secrets, narrow: givenSecrets(index, pairs), asRecorded }
  let matcher = createMatcher(matched, match, sessions)
  const served = servedEntries(index, before?.served())
  const check = input.keys && createBearerCheck(pairs, input.keys, input.clock)
  const nearest = nearestPairs({ index, pairs, secrets }, match.book)

  const serve = ({ entry }: Choice, request: HttpRequest): Hit | undefined => {
    const response = entry === undefined ? undefined : responses.of(index.id(entry), request)
    if (entry === undefined || response === undefined) return undefined
    served.mark(entry)
    return { kind: 'hit', pair: index.id(entry), response }
  }
  return {
    answer: (request, origin) => {
      let refused: (BearerRefusal & { readonly pair: PairId }) | undefined
      const letIn =
        check &&
        ((entry: number): boolean => {
          const pair = index.id(entry)
          const refusal = check(request, pair)
          if (refusal !== undefined) refused = { ...refusal, pair }
          return refusal === undefined
        })
      const choice = matcher.choose(request, origin, letIn)
      if (refused !== undefined) return { ...refused, kind: 'unauthorized' }
      const near = (): readonly NearMiss[] =>
        nearest.to(asRecorded?.(request) ?? request, origin, choice.whyNot)
      return serve(choice, request) ?? { kind: 'miss', near }
    },
    isSettled: (request, origin) => check === undefined && matcher.settled(request, origin) !== -1,
    refusal: (request, origin) => serve(matcher.choose(request, origin, index.isRefusal), request),
    add: (pair) => {
      // Later writes are told from earlier ones by their order.
      if (history !== undefined && pair.id < index.newest) return false
      if (!index.add(pair, match.book, secrets.recorded)) return false
      history?.add(pair, sessionName(pair.request, match.session) ?? '')
      nearest.add(pair)
      // It remembers where questions begin.
      matcher = createMatcher(matched, match, sessions)
      return true
    },
    compared: nearest.compared,
    compareWithAll: nearest.readAll,
    reset: () => matcher.reset(),
    sessions,
    served: served.pairs,
    noteServed: served.markPairs,
    missStatus: match.missStatus,
    coverage: () => ({
      pairs: index.size,
      served: served.count,
      // Of a million pairs this is a long list, which is seldom asked for.
      get neverServed() {
        return served.others()
      },
      unservable: index.unservable,
      backends: index.origins,
    }),
  }
}

/** What steps learnt of one client is undone in its requests alone. */
function learntOf(
  { transforms: { asRecorded } }: PlanInput,
  sessions: Sessions,
): ((request: HttpRequest) => HttpRequest) | undefined {
  return asRecorded && ((request) => asRecorded(request, sessions.of(request)))
}

function* historyOf(pairs: Pick<PairSource, 'askedPages'>, rule: SessionRule): Sliced<WriteHistory> {
  const history = createWriteHistory()
  for (const page of pairs.askedPages()) {
    for (const pair of page) {
      history.add(pair, sessionName(pair.request, rule) ?? '')
      yield
    }
  }
  return history
}

/** Clients that are told apart in another way now begin anew. */
function sessionsAfter(before: ReplayPlan | undefined, rule: SessionRule): Sessions {
  const same = before !== undefined && JSON.stringify(before.sessions.rule) === JSON.stringify(rule)
  return same ? before.sessions : createSessions(rule)
}
