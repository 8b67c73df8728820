import { ASKED_FLAGS, KEY_WORDS, type AskedColumns, type AskedFacts } from '../core/asked-columns.ts'
import type { AskedPair, PairId, PairSource } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import type { RuleBook } from '../match/rule-book.ts'
import { QUESTION_VERSION } from '../match/question-key.ts'
import { NO_CLASSES, type SecretClasses } from '../redact/classes.ts'
import { askedFacts } from './asked-facts.ts'

/** Where pairs with what they asked come from. */
export type AskedSource = Pick<PairSource, 'askedPages' | 'askedColumns' | 'pair'>

/**
 * What every pair of a snapshot asked: as it is kept in the snapshot, but for the pairs that the rules tell apart in
 * another way, and those that were redacted by other rules. They are read again, and all are where nothing is kept.
 * @param secrets how redacted requests are compared
 */
export function* askedColumns(
  pairs: AskedSource,
  book: RuleBook,
  secrets: SecretClasses = NO_CLASSES,
): Sliced<AskedColumns> {
  const kept = pairs.askedColumns(QUESTION_VERSION, secrets.redaction)
  const factsOf = (pair: AskedPair): AskedFacts => askedFacts(pair, book, secrets.recorded)
  if (kept === undefined) return yield* columnsFrom(pairs, factsOf)
  if (kept.flags.some((flags) => (flags & ASKED_FLAGS.redacted) !== 0)) secrets.expectRedacted()
  for (const row of book.otherwise === undefined ? [] : kept.stale) {
    const pair = pairs.pair(kept.ids[row] ?? 0)
    if (pair !== undefined) putKey(kept.keys, row, factsOf(pair))
    yield
  }
  if (book.otherwise?.length !== 0) yield* readAgain(kept, pairs.askedPages(book.otherwise), factsOf)
  return kept
}

function* columnsFrom(
  pairs: Pick<PairSource, 'askedPages'>,
  factsOf: (pair: AskedPair) => AskedFacts,
): Sliced<AskedColumns> {
  const columns = growingColumns()
  for (const page of pairs.askedPages()) {
    for (const pair of page) {
      columns.add(pair.id, pair.route.target, factsOf(pair))
      yield
    }
  }
  return columns.finish()
}

/** Pairs come in the order of the rows. */
function* readAgain(
  { ids, keys }: AskedColumns,
  pages: Iterable<Iterable<AskedPair>>,
  factsOf: (pair: AskedPair) => AskedFacts,
): Sliced<void> {
  let row = 0
  for (const page of pages) {
    for (const pair of page) {
      while ((ids[row] ?? Infinity) < pair.id) row += 1
      if (ids[row] === pair.id) putKey(keys, row, factsOf(pair))
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
      putKey(keys, size, facts)
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

function putKey(keys: Uint32Array, row: number, { key }: AskedFacts): void {
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
