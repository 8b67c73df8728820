import { binaryText } from '../core/binary-text.ts'
import { ASKED_FLAGS, KEY_WORDS, type AskedColumns, type SmallNumbers } from '../core/asked-columns.ts'
import type { PairId } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import { questionKey, type QuestionKey } from '../match/question-key.ts'
import type { Signature } from '../match/signature.ts'
import type { Subject } from '../match/subject.ts'
import { subjectFrom } from './asked-facts.ts'
import { questionTable, type QuestionTable } from './question-table.ts'

/**
 * Which recorded pairs ask which question. A pair that can be served is an entry, numbered from 0 in recorded order;
 * about 50 bytes are kept of it, whatever it holds.
 */
export interface PairIndex {
  /** How many entries there are. */
  readonly size: number
  /** Origins of the recorded backends, those of pairs that cannot be served too. */
  readonly origins: readonly string[]
  /** Pairs that hold no answer, or one their client did not wait for while the same user did for another. */
  readonly unservable: readonly PairId[]
  /** The highest id of all pairs, those that cannot be served too; 0 for none. */
  readonly newest: PairId
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
  /** Whether the target or the content that was asked holds a placeholder for a secret. */
  isRedacted(entry: number): boolean
  /** Whether its client did not wait for the end; no other answer was recorded for its subject then. */
  isAbandoned(entry: number): boolean
}

/** The index of what every pair of a snapshot asked. */
export function* pairIndex(all: AskedColumns): Sliced<PairIndex> {
  const { columns, unservable } = yield* servable(all)
  const { ids, keys, origins, subjects, flags, originNames } = columns
  const table = yield* questionTable(keys)
  const ofOrigin = byOrigin(table, origins)
  const numbers = new Map(originNames.map((name, number) => [name, number]))
  const people = columns.subjectNames.map(subjectFrom)
  return {
    size: ids.length,
    origins: originNames,
    unservable,
    newest: Math.max(ids.at(-1) ?? 0, unservable.at(-1) ?? 0),
    first: (question, origin) => {
      const first = table.first(questionKey(question))
      return origin === undefined || first === -1 ? first : ofOrigin(first, numbers.get(origin) ?? -1)
    },
    next: (entry) => ofOrigin(table.next(entry), origins[entry] ?? -1),
    id: (entry) => ids[entry] ?? 0,
    origin: (entry) => originNames[origins[entry] ?? -1] ?? '',
    subject: (entry) => {
      const person = subjects[entry] ?? 0
      return person === 0 ? undefined : people[person - 1]
    },
    isRefusal: (entry) => hasFlag(flags[entry], ASKED_FLAGS.refusal),
    isRedacted: (entry) => hasFlag(flags[entry], ASKED_FLAGS.redacted),
    isAbandoned: (entry) => hasFlag(flags[entry], ASKED_FLAGS.abandoned),
  }
}

/** Whether a bit of {@link ASKED_FLAGS} is set. */
export function hasFlag(flags: number | undefined, flag: number): boolean {
  return ((flags ?? 0) & flag) !== 0
}

/** Follows a question's entries to the first of a backend. */
function byOrigin(table: QuestionTable, origins: SmallNumbers): (from: number, origin: number) => number {
  return (from, origin) => {
    let entry = from
    while (entry !== -1 && origins[entry] !== origin) entry = table.next(entry)
    return entry
  }
}

/**
 * The pairs that can be served. An answer that its client did not wait for counts only where no other was recorded for
 * the same subject: nobody gets what was another's instead.
 */
function* servable(all: AskedColumns): Sliced<{
  readonly columns: AskedColumns
  readonly unservable: readonly PairId[]
}> {
  const { flags, ids } = all
  const wanted = ASKED_FLAGS.servable | ASKED_FLAGS.abandoned
  const rows = flags.keys()
  const whole = flags.map((flag) => ((flag & wanted) === ASKED_FLAGS.servable ? 1 : 0))
  if (!whole.includes(0)) return { columns: all, unservable: [] }
  const others = chosen(all, whole)
  const isAnswered = wholeAnswers(others, yield* questionTable(others.keys))
  const kept = whole.slice()
  const unservable: PairId[] = []
  for (const row of rows) {
    if (whole[row] === 1) continue
    if (hasFlag(flags[row], ASKED_FLAGS.servable) && !isAnswered(all, row)) kept[row] = 1
    else unservable.push(ids[row] ?? 0)
  }
  return { columns: chosen(all, kept), unservable }
}

/** Whether what a row asks was answered for its subject by its backend. */
function wholeAnswers(
  { origins, subjects }: AskedColumns,
  table: QuestionTable,
): (all: AskedColumns, row: number) => boolean {
  const known = new Map<number, ReadonlySet<string>>()
  const answeredBy = (first: number): ReadonlySet<string> => {
    const before = known.get(first)
    if (before !== undefined) return before
    const names = new Set<string>()
    for (let entry = first; entry !== -1; entry = table.next(entry))
      names.add(`${origins[entry]} ${subjects[entry]}`)
    known.set(first, names)
    return names
  }
  return (all, row) => {
    const first = table.first(keyAt(all.keys, row))
    return first !== -1 && answeredBy(first).has(`${all.origins[row]} ${all.subjects[row]}`)
  }
}

function keyAt(keys: Uint32Array, row: number): QuestionKey {
  return binaryText(new Uint8Array(keys.buffer, keys.byteOffset + row * KEY_WORDS * 4, KEY_WORDS * 4))
}

/** The rows marked by 1. */
function chosen(all: AskedColumns, marks: Uint8Array): AskedColumns {
  const isChosen = (_: unknown, row: number): boolean => marks[row] === 1
  return {
    ...all,
    ids: all.ids.filter(isChosen),
    keys: all.keys.filter((_, word) => marks[Math.floor(word / KEY_WORDS)] === 1),
    origins: all.origins.filter(isChosen),
    subjects: all.subjects.filter(isChosen),
    flags: all.flags.filter(isChosen),
  }
}
