import { ASKED_FLAGS, type AskedFacts } from '../core/asked-columns.ts'
import type { HttpRequest } from '../core/exchange.ts'
import type { AskedPair, PairId } from '../core/pair.ts'
import type { RuleBook } from '../match/rule-book.ts'
import { questionKey } from '../match/question-key.ts'
import type { Signature } from '../match/signature.ts'
import type { Subject } from '../match/subject.ts'
import { askedFacts, questionOf, subjectFrom } from './asked-facts.ts'
import { hasFlag, type PairIndex } from './pair-index.ts'

/** An index that takes in pairs while it answers. */
export interface GrowingIndex extends PairIndex {
  /**
   * Takes in a pair that was stored after all that were indexed; its entry has the next number, and its place among those
   * that ask the same is by its id.
   * @param compared gives a redacted request as it is compared
   * @returns false where the index would not be what a new one is: then nothing was taken in
   */
  add(pair: AskedPair, book: RuleBook, compared: (request: HttpRequest) => HttpRequest): boolean
}

/** Entries that ask one question of one backend, by id. */
interface AddedList {
  readonly origin: string
  readonly entries: number[]
}

interface AddedEntry {
  readonly id: PairId
  readonly list: AddedList
  readonly subject: Subject | undefined
  readonly flags: number
}

/**
 * Lets an index grow. Its own entries stay as they are, in columns; those that are added are few beside them, and
 * about 300 bytes each.
 */
export function growingIndex(base: PairIndex): GrowingIndex {
  const added: AddedEntry[] = []
  const unservable: PairId[] = []
  const lists = new Map<string, AddedList[]>()
  /** Where a question goes on among those that were added, by its last entry before. */
  const continued = new Map<number, AddedList>()
  let { newest } = base
  // An array asked for less than nothing makes a text of the number, and keeps it: a microsecond.
  const entryAt = (entry: number): AddedEntry | undefined =>
    entry < base.size ? undefined : added[entry - base.size]
  const idOf = (entry: number): PairId => entryAt(entry)?.id ?? base.id(entry)
  const isAbandoned = (entry: number): boolean => {
    const own = entryAt(entry)
    return own === undefined ? base.isAbandoned(entry) : hasFlag(own.flags, ASKED_FLAGS.abandoned)
  }
  /** Where a list goes on after an id: most pairs come in the order of their ids. */
  const placeAfter = (id: PairId, { entries }: AddedList): number => {
    let [low, high] = [0, entries.length]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (idOf(entries[middle] ?? -1) <= id) low = middle + 1
      else high = middle
    }
    return low
  }
  const firstAdded = (key: string, origin: string | undefined): number => {
    const asked = lists.get(key) ?? []
    const firsts = asked
      .filter((list) => origin === undefined || list.origin === origin)
      .flatMap(({ entries }) => entries.slice(0, 1))
    return firsts.toSorted((a, b) => idOf(a) - idOf(b))[0] ?? -1
  }
  const listFor = (key: string, origin: string, firstBefore: number): AddedList => {
    const asked = lists.get(key) ?? []
    const known = asked.find((list) => list.origin === origin)
    if (known !== undefined) return known
    const list = { origin, entries: [] }
    lists.set(key, [...asked, list])
    if (firstBefore !== -1) continued.set(lastOf(base, firstBefore), list)
    return list
  }
  const append = (id: PairId, list: AddedList, { subject, flags }: AskedFacts): void => {
    const entry = base.size + added.length
    added.push({ id, list, subject: subject === undefined ? undefined : subjectFrom(subject), flags })
    list.entries.splice(placeAfter(id, list), 0, entry)
  }
  const next = (entry: number): number => {
    const own = entryAt(entry)
    if (own !== undefined) return own.list.entries[placeAfter(own.id, own.list)] ?? -1
    const following = base.next(entry)
    return following !== -1 || added.length === 0 ? following : (continued.get(entry)?.entries[0] ?? -1)
  }
  const subjectOf = (entry: number): Subject | undefined =>
    entry < base.size ? base.subject(entry) : entryAt(entry)?.subject
  /** The first of the entries from one on that were asked for a subject. */
  const ofSubject = (first: number, subject: string | undefined): number => {
    const exact = subject === undefined ? undefined : subjectFrom(subject).exact
    let entry = first
    while (entry !== -1 && subjectOf(entry)?.exact !== exact) entry = next(entry)
    return entry
  }
  return {
    get size() {
      return base.size + added.length
    },
    origins: base.origins,
    get unservable() {
      return unservable.length === 0
        ? base.unservable
        : [...base.unservable, ...unservable].toSorted((a, b) => a - b)
    },
    first: (question, origin) => {
      const before = base.first(question, origin)
      return before !== -1 || added.length === 0 ? before : firstAdded(keyOf(question), origin)
    },
    next,
    id: idOf,
    origin: (entry) => entryAt(entry)?.list.origin ?? base.origin(entry),
    subject: subjectOf,
    isRefusal: (entry) => {
      const own = entryAt(entry)
      return own === undefined ? base.isRefusal(entry) : hasFlag(own.flags, ASKED_FLAGS.refusal)
    },
    isRedacted: (entry) => {
      const own = entryAt(entry)
      return own === undefined ? base.isRedacted(entry) : hasFlag(own.flags, ASKED_FLAGS.redacted)
    },
    isAbandoned,
    get newest() {
      return newest
    },
    add: (pair, book, compared) => {
      const {
        id,
        route: { target: origin },
      } = pair
      // A backend that is new may be one that requests name.
      if (id <= base.newest || !base.origins.includes(origin)) return false
      const question = questionOf(compared(pair.request), origin, book)
      const facts = askedFacts(pair, book, compared)
      const key = keyOf(question)
      const before = base.first(question, origin)
      const first = before === -1 ? firstAdded(key, origin) : before
      const own = ofSubject(first, facts.subject)
      if (!hasFlag(facts.flags, ASKED_FLAGS.servable)) unservable.push(id)
      else if (hasFlag(facts.flags, ASKED_FLAGS.abandoned)) {
        // Its client did not wait for it: it counts only where no other was recorded for its subject.
        if (own === -1 || isAbandoned(own)) append(id, listFor(key, origin, before), facts)
        else unservable.push(id)
      } else if (own !== -1 && isAbandoned(own)) return false
      else append(id, listFor(key, origin, before), facts)
      newest = Math.max(newest, id)
      return true
    },
  }
}

function keyOf(question: Signature): string {
  return questionKey(question)
}

function lastOf(index: PairIndex, first: number): number {
  let last = first
  for (let next = first; next !== -1; next = index.next(next)) last = next
  return last
}
