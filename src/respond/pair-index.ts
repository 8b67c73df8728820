import type { HttpRequest } from '../core/exchange.ts'
import { isServable, type AskedPair, type PairId, type PairSource } from '../core/pair.ts'
import type { RuleBook } from '../match/match-rules.ts'
import { KEY_WORDS, questionKey, type QuestionKey } from '../match/question-key.ts'
import { pathOf } from '../match/request-path.ts'
import { signatureOf, type Signature } from '../match/signature.ts'
import { subjectOf, type Subject } from '../match/subject.ts'
import { NO_CLASSES, type SecretClasses } from '../redact/classes.ts'
import { questionTable } from './question-table.ts'
import { isRefusal } from './recorded-answer.ts'

/**
 * Which recorded pairs ask which question. A pair that can be served is an entry, numbered from 0 in recorded order;
 * about 55 bytes are kept of it, whatever it holds.
 */
export interface PairIndex {
  /** How many entries there are. */
  readonly size: number
  /** Origins of the recorded backends, those of pairs that cannot be served too. */
  readonly origins: readonly string[]
  /** Pairs that hold no answer, or one their client did not wait for while another did. */
  readonly unservable: readonly PairId[]
  /** The first entry that asks this question of an origin, or of any; -1 when none does. */
  first(question: Signature, origin: string | undefined): number
  /** The next entry that asks the same question of the same origin; -1 after the last. */
  next(entry: number): number
  id(entry: number): PairId
  /** The backend an entry asked. */
  origin(entry: number): string
  /** For whom an entry asked; undefined for nobody. */
  subject(entry: number): Subject | undefined
  /** Whether this is the answer to a request whose content was never asked for. */
  isRefusal(entry: number): boolean
}

/** What a request asks by the rules that are for it and its backend. */
export function questionOf(request: HttpRequest, origin: string, book: RuleBook): Signature {
  return signatureOf(request, book.rulesFor(request.method, pathOf(request.target), origin))
}

/**
 * Reads every request of a snapshot once.
 * @param note told of every pair that can be served
 * @param secrets how redacted requests are compared
 */
export function indexPairs(
  pairs: Pick<PairSource, 'asked'>,
  book: RuleBook,
  note: (pair: AskedPair) => void = () => {},
  secrets: SecretClasses = NO_CLASSES,
): PairIndex {
  const columns = growingColumns()
  const origins = new Map<string, number>()
  const subjects = subjectNumbers()
  const unservable: PairId[] = []
  const refusals = new Set<PairId>()
  const abandoned: { readonly pair: AskedPair; readonly question: Signature }[] = []
  for (const pair of pairs.asked()) {
    const origin = origins.get(pair.route.target) ?? origins.size
    origins.set(pair.route.target, origin)
    if (!isServable(pair)) {
      unservable.push(pair.id)
      continue
    }
    note(pair)
    if (isRefusal(pair)) refusals.add(pair.id)
    const question = questionOf(secrets.recorded(pair.request), pair.route.target, book)
    if (pair.outcome === 'client aborted') abandoned.push({ pair, question })
    else columns.add(pair.id, origin, subjects.numberOf(pair.request), questionKey(question))
  }
  const facts = { origins: [...origins.keys()], subjects: subjects.list, unservable, refusals }
  const whole = pairIndex(columns.finish(), facts)
  // An answer that its client did not wait for counts only where no other was recorded.
  for (const { pair, question } of abandoned) {
    const { target } = pair.route
    if (whole.first(question, target) !== -1) unservable.push(pair.id)
    else {
      const subject = subjects.numberOf(pair.request)
      columns.add(pair.id, origins.get(target) ?? 0, subject, questionKey(question))
    }
  }
  return abandoned.length === 0 ? whole : pairIndex(columns.finish(), facts)
}

/** Numbers for subjects, from 1; 0 is nobody. */
function subjectNumbers(): { readonly list: readonly Subject[]; numberOf(request: HttpRequest): number } {
  const list: Subject[] = []
  const numbers = new Map<string, number>()
  return {
    list,
    numberOf({ headers }) {
      const subject = subjectOf(headers)
      if (subject === undefined) return 0
      const known = numbers.get(subject.exact)
      if (known !== undefined) return known
      list.push(subject)
      numbers.set(subject.exact, list.length)
      return list.length
    },
  }
}

/** What is known of the entries, a column each. */
interface IndexColumns {
  readonly ids: Float64Array
  /** Positions in the list of origins. */
  readonly origins: Uint32Array
  /** Positions in the list of subjects, from 1. */
  readonly subjects: Uint32Array
  /** {@link KEY_WORDS} words an entry. */
  readonly keys: Uint32Array
}

/** What is known besides the entries. */
interface IndexFacts {
  readonly origins: readonly string[]
  readonly subjects: readonly Subject[]
  readonly unservable: readonly PairId[]
  readonly refusals: ReadonlySet<PairId>
}

function pairIndex(
  { ids, origins, subjects, keys }: IndexColumns,
  { origins: names, subjects: people, unservable, refusals }: IndexFacts,
): PairIndex {
  const table = questionTable(keys)
  const numbers = new Map(names.map((name, number) => [name, number]))
  const ofOrigin = (from: number, origin: number): number => {
    let entry = from
    while (entry !== -1 && origins[entry] !== origin) entry = table.next(entry)
    return entry
  }
  return {
    size: ids.length,
    origins: names,
    unservable,
    first: (question, origin) => {
      const first = table.first(questionKey(question))
      return origin === undefined || first === -1 ? first : ofOrigin(first, numbers.get(origin) ?? -1)
    },
    next: (entry) => ofOrigin(table.next(entry), origins[entry] ?? -1),
    id: (entry) => ids[entry] ?? 0,
    origin: (entry) => names[origins[entry] ?? -1] ?? '',
    subject: (entry) => people[(subjects[entry] ?? 0) - 1],
    isRefusal: (entry) => refusals.size > 0 && refusals.has(ids[entry] ?? 0),
  }
}

/** Columns that double when they are full, since nobody says beforehand how many pairs come. */
function growingColumns(): {
  add(id: PairId, origin: number, subject: number, key: QuestionKey): void
  finish(): IndexColumns
} {
  let size = 0
  let ids = new Float64Array(1024)
  let origins = new Uint32Array(1024)
  let subjects = new Uint32Array(1024)
  let keys = new Uint32Array(1024 * KEY_WORDS)
  const grow = (): void => {
    ids = copyOf(ids, new Float64Array(ids.length * 2))
    origins = copyOf(origins, new Uint32Array(origins.length * 2))
    subjects = copyOf(subjects, new Uint32Array(subjects.length * 2))
    keys = copyOf(keys, new Uint32Array(keys.length * 2))
  }
  return {
    add: (id, origin, subject, key) => {
      if (size === ids.length) grow()
      ids[size] = id
      origins[size] = origin
      subjects[size] = subject
      for (let word = 0; word < KEY_WORDS; word += 1)
        keys[size * KEY_WORDS + word] = key.readUInt32LE(word * 4)
      size += 1
    },
    finish: () => ({
      ids: ids.slice(0, size),
      origins: origins.slice(0, size),
      subjects: subjects.slice(0, size),
      keys: keys.slice(0, size * KEY_WORDS),
    }),
  }
}

function copyOf<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
