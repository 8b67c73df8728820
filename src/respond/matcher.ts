import type { HttpRequest } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import {
  ALWAYS_ANSWERED,
  type SequenceEnd,
  type SessionRule,
  type SubjectRule,
} from '../match/match-rules.ts'
import type { RuleBook } from '../match/rule-book.ts'
import { pathOf } from '../match/request-path.ts'
import { subjectOf } from '../match/subject.ts'
import type { SecretClasses } from '../redact/classes.ts'
import { questionOf } from './asked-facts.ts'
import { causalReads } from './causal-read.ts'
import type { NarrowList } from './given-secrets.ts'
import { knownQuestions } from './known-questions.ts'
import type { PairIndex } from './pair-index.ts'
import { entriesFor, questionsOf, type EntryList } from './question.ts'
import type { ReplayedWrites } from './replayed-writes.ts'
import type { Session, Sessions } from './sessions.ts'
import { isWrite, type WriteHistory } from './write-history.ts'

/** What the `match` of a document says, compiled. */
export interface MatchSettings {
  readonly book: RuleBook
  readonly session: SessionRule
  readonly subject: SubjectRule
  /** Bearer tokens are verified. */
  readonly authorize: boolean
  /** Status of the answer to a request that nothing answers. */
  readonly missStatus: number
}

/** Says which recorded pair answers a request, and keeps how far each client has come. */
export interface Matcher {
  /**
   * The entry that answers a request of a backend; without one, of the backend it names by its authority, else of
   * the one that was recorded first. A client's next request of the kind is answered by the next one.
   * @param wanted an entry that is not wanted stays the next one, and nothing is chosen
   */
  choose(request: HttpRequest, origin: string | undefined, wanted?: (entry: number) => boolean): Choice
  /**
   * The entry that answers a request whatever was asked before, and by whom; -1 where that may make a difference, or
   * nothing answers.
   */
  settled(request: HttpRequest, origin: string | undefined): number
  /** Every client begins anew. */
  reset(): void
}

export type Choice =
  | { readonly entry: number; readonly whyNot?: undefined }
  | { readonly entry?: undefined; readonly whyNot: WhyNot | undefined }

/** Why a question that was recorded is not answered all the same. */
export type WhyNot =
  | { readonly cause: 'user'; readonly pair: PairId }
  /** Its answers are used up. */
  | { readonly cause: 'order'; readonly pair: PairId; readonly times: number }
  /** Every answer was recorded after a write that has not been replayed. */
  | { readonly cause: 'order'; readonly pair: PairId; readonly waitsFor: PairId }

/** A snapshot with its index. */
export interface MatchedSnapshot {
  readonly index: PairIndex
  /** Its writes; undefined where no answer depends on them. */
  readonly history: WriteHistory | undefined
  /** How redacted requests are compared. */
  readonly secrets: SecretClasses
  /** Which answers are for a client that has secrets of this replay. */
  readonly narrow: NarrowList
  /** Undoes what steps learnt of a client's requests; undefined where they learn nothing that requests are found by. */
  readonly asRecorded?: ((request: HttpRequest) => HttpRequest) | undefined
}

/** A matcher over an index; one look-up a request, and a second where several entries ask the same. */
export function createMatcher(
  { index, history, secrets, narrow, asRecorded }: MatchedSnapshot,
  { book, subject: subjectRule }: MatchSettings,
  sessions: Sessions,
): Matcher {
  const questionFrom = questionsOf(index)
  const find = finder(index, book)
  const alone = book.onceIsAlways && subjectRule !== 'require'
  /** As it came; then, where the recording is redacted, with each secret standing for its kind. */
  const first = (request: HttpRequest, origin: string | undefined): number => {
    const entry = find(request, origin)
    const classed = entry === -1 ? secrets.asked(request) : undefined
    return classed === undefined ? entry : find(classed, origin)
  }

  /** @param asked the request as it was found */
  const turn = (list: EntryList, asked: HttpRequest, request: HttpRequest, origin: string): Turn => {
    const { sequence } = book.rulesFor(request.method, pathOf(asked.target), origin)
    const { writes } = sessions.of(request)
    if (sequence !== 'causal' || history === undefined)
      return { list, end: sequence === 'causal' ? 'last' : sequence }
    return isWrite(request.method) ? { list, end: 'last' } : causalTurn(list, asked, history, writes, index)
  }
  return {
    choose: (request, origin, wanted = () => true) => {
      // What was learnt goes before: the live value may have been recorded as well, for something else.
      const recorded = asRecorded === undefined ? request : asRecorded(request)
      const learnt = recorded === request ? -1 : first(recorded, origin)
      const entry = learnt === -1 ? first(request, origin) : learnt
      if (entry === -1) return { whyNot: undefined }
      // Almost every question was recorded once, for whoever asks.
      if (alone && index.next(entry) === -1) return wanted(entry) ? { entry } : { whyNot: undefined }
      const asking = entriesFor(questionFrom(entry), index, () => subjectOf(request.headers), subjectRule)
      if (asking === undefined) return { whyNot: { cause: 'user', pair: index.id(entry) } }
      const asked = learnt === -1 ? request : recorded
      const taken = turn(narrow(asking, asked), asked, request, index.origin(entry))
      if ('whyNot' in taken) return taken
      const session = sessions.of(request)
      const choice = next(taken, session, index, wanted)
      const write = choice.entry === undefined ? undefined : history?.write(index.id(choice.entry))
      if (write !== undefined) session.writes.add(write)
      return choice
    },
    settled: (request, origin) => {
      if (asRecorded !== undefined) return -1
      const entry = first(request, origin)
      if (entry === -1 || (alone && index.next(entry) === -1)) return entry
      const list = entriesFor(questionFrom(entry), index, () => subjectOf(request.headers), subjectRule)
      const [only = -1, second] = list?.entries ?? []
      // A write may change what follows it; which ones do is for whoever keeps them.
      if (second !== undefined || (book.causal && isWrite(request.method))) return -1
      const { sequence } = book.rulesFor(request.method, pathOf(request.target), index.origin(entry))
      return ALWAYS_ANSWERED.has(sequence) ? only : -1
    },
    reset: () => sessions.reset(),
  }
}

/** Finds the first entry that asks what a request asks; -1 for none. */
function finder(
  index: PairIndex,
  book: RuleBook,
): (request: HttpRequest, origin: string | undefined) => number {
  const byAuthority = new Map(index.origins.map((origin) => [new URL(origin).host, origin]))
  const find = (request: HttpRequest, origin: string | undefined): number => {
    if (origin !== undefined) {
      const own = index.first(questionOf(request, origin, book), origin)
      return own === -1 && book.goesAcross ? shared(request, origin) : own
    }
    const named = byAuthority.get(request.authority)
    if (book.goesByOrigin) {
      const found = index.origins
        .map((one) => index.first(questionOf(request, one, book), one))
        .filter((entry) => entry !== -1)
      return found.find((entry) => index.origin(entry) === named) ?? found.toSorted((a, b) => a - b)[0] ?? -1
    }
    const signature = questionOf(request, '', book)
    const there = named === undefined ? -1 : index.first(signature, named)
    return there === -1 ? index.first(signature, undefined) : there
  }
  /** The first entry of another backend whose answers are given here too. */
  const shared = (request: HttpRequest, here: string): number => {
    const { isShared } = book.rulesFor(request.method, pathOf(request.target), here)
    for (const origin of index.origins) {
      const found = isShared(origin) ? index.first(questionOf(request, origin, book), origin) : -1
      if (found !== -1) return found
    }
    return -1
  }
  return book.goesByHeaders ? find : knownQuestions(find)
}

/** A list that is a client's turn, or why none is. */
type Turn =
  | { readonly list: EntryList; readonly end: Exclude<SequenceEnd, 'causal'> }
  | { readonly whyNot: WhyNot }

/** The next entry of a list for a client. */
function next(
  { list: { name, entries }, end }: Extract<Turn, { readonly list: EntryList }>,
  { given }: Session,
  index: PairIndex,
  wanted: (entry: number) => boolean,
): Choice {
  // The most common list needs no place.
  const still = entries.length === 1 && end !== 'once'
  const at = still ? 0 : (given.get(name) ?? 0)
  const last = entries.length - 1
  const place = end === 'loop' ? at % entries.length : end === 'last' ? Math.min(at, last) : at
  const entry = entries[place]
  if (entry === undefined) {
    return { whyNot: { cause: 'order', pair: index.id(entries[last] ?? -1), times: entries.length } }
  }
  if (!wanted(entry)) return { whyNot: undefined }
  if (!still) given.set(name, place + 1)
  return { entry }
}

/** The answers of the state that a client has brought about, in their order. */
function causalTurn(
  { name, entries }: EntryList,
  request: HttpRequest,
  history: WriteHistory,
  writes: ReplayedWrites,
  index: PairIndex,
): Turn {
  const byPair = new Map(entries.map((entry) => [index.id(entry), entry]))
  const state = causalReads([...byPair.keys()], pathOf(request.target), history, writes)
  if ('waitsFor' in state) {
    return { whyNot: { cause: 'order', pair: index.id(entries[0] ?? -1), waitsFor: state.waitsFor } }
  }
  const own = state.reads.flatMap((pair) => byPair.get(pair) ?? [])
  return { list: { name: `${name} from ${index.id(own[0] ?? -1)}`, entries: own }, end: 'last' }
}
