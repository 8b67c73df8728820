import { ASKED_FLAGS, KEY_WORDS, type AskedColumns, type AskedFacts } from '../core/asked-columns.ts'
import type { HttpRequest } from '../core/exchange.ts'
import type { PairId, PairSource, RecordedRequest } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import type { RuleBook } from '../match/rule-book.ts'
import { QUESTION_VERSION } from '../match/question-key.ts'
import { NO_CLASSES, type SecretClasses } from '../redact/classes.ts'
import { askedFacts, askedKey } from './asked-facts.ts'

/** Where pairs with what they asked come from. */
export type AskedSource = Pick<PairSource, 'askedPages' | 'requestPages' | 'askedColumns' | 'pair'>

/**
 * What every pair of a snapshot asked: as it is kept in the snapshot, but for the pairs that the rules tell apart in
 * another way, and those that were redacted by other rules. Their requests are read again; all pairs are where nothing
 * is kept.
 * @param secrets how redacted requests are compared
 */
export function* askedColumns(
  pairs: AskedSource,
  book: RuleBook,
  secrets: SecretClasses = NO_CLASSES,
): Sliced<AskedColumns> {
  const kept = pairs.askedColumns(QUESTION_VERSION, secrets.redaction)
  if (kept === undefined) return yield* columnsFrom(pairs, book, secrets)
  if (kept.flags.some((flags) => (flags & ASKED_FLAGS.redacted) !== 0)) secrets.expectRedacted()
  const { ids, keys, origins, originNames, stale } = kept
  const askAgain = (row: number, request: HttpRequest): void =>
    putKey(keys, row, askedKey(request, originNames[origins[row] ?? -1] ?? '', book, secrets.recorded))
  for (const row of book.otherwise === undefined ? [] : stale) {
    const pair = pairs.pair(ids[row] ?? 0)
    if (pair !== undefined) askAgain(row, pair.request)
    yield
  }
  if (book.otherwise?.length !== 0) yield* readAgain(ids, pairs.requestPages(book.otherwise), askAgain)
  return kept
}

function* columnsFrom(
  pairs: Pick<PairSource, 'askedPages'>,
  book: RuleBook,
  secrets: SecretClasses,
): Sliced<AskedColumns> {
  const columns = growingColumns()
  for (const page of pairs.askedPages()) {
    for (const pair of page) {
      columns.add(pair.id, pair.route.target, askedFacts(pair, book, secrets.recorded))
      yield
    }
  }
  return columns.finish()
}

/** Pairs come in the order of the rows. */
function* readAgain(
  ids: Float64Array,
  pages: Iterable<Iterable<RecordedRequest>>,
  askAgain: (row: number, request: HttpRequest) => void,
): Sliced<void> {
  let row = 0
  for (const page of pages) {
    for (const { id, request } of page) {
      while ((ids[row] ?? Infinity) < id) row += 1
      if (ids[row] === id) askAgain(row, request)
      yield
    }
    yield
  }
}

/** Columns that double when they are full, since nobody says beforehand how many pairs come. */
function growingColumns(): {
  add(id: PairId, origin: string, facts: AskedFacts): void
  finish(): AskedColumns
} {
  const [originNames, subjectNames] = [numbering(), numbering()]
  let size = 0
  let ids = new Float64Array(1024)
  let keys = new Uint32Array(1024 * KEY_WORDS)
  let origins = new Uint32Array(1024)
  let subjects = new Uint32Array(1024)
  let flags = new Uint8Array(1024)
  const grow = (): void => {
    ids = copyOf(ids, new Float64Array(ids.length * 2))
    keys = copyOf(keys, new Uint32Array(keys.length * 2))
    origins = copyOf(origins, new Uint32Array(origins.length * 2))
    subjects = copyOf(subjects, new Uint32Array(subjects.length * 2))
    flags = copyOf(flags, new Uint8Array(flags.length * 2))
  }
  return {
    add: (id, origin, facts) => {
      if (size === ids.length) grow()
      ids[size] = id
      putKey(keys, size, facts.key)
      origins[size] = originNames.of(origin)
      subjects[size] = facts.subject === undefined ? 0 : subjectNames.of(facts.subject) + 1
      flags[size] = facts.flags
      size += 1
    },
    finish: () => ({
      ids: ids.slice(0, size),
      keys: keys.slice(0, size * KEY_WORDS),
      origins: origins.slice(0, size),
      subjects: subjects.slice(0, size),
      flags: flags.slice(0, size),
      originNames: originNames.names(),
      subjectNames: subjectNames.names(),
      stale: [],
    }),
  }
}

function putKey(keys: Uint32Array, row: number, key: Uint8Array): void {
  const view = new DataView(key.buffer, key.byteOffset, KEY_WORDS * 4)
  for (let word = 0; word < KEY_WORDS; word += 1)
    keys[row * KEY_WORDS + word] = view.getUint32(word * 4, true)
}

/** Numbers names from 0 in the order in which they are first met. */
function numbering(): { of(name: string): number; names(): readonly string[] } {
  const numbers = new Map<string, number>()
  return {
    of: (name) => {
      const number = numbers.get(name) ?? numbers.size
      numbers.set(name, number)
      return number
    },
    names: () => [...numbers.keys()],
  }
}

function copyOf<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
