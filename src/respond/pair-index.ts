import { isServable, type AskedPair, type PairId, type PairSource } from '../core/pair.ts'
import { KEY_WORDS, questionKey, type QuestionKey } from '../match/question-key.ts'
import { signatureOf, type MatchRules, type Signature } from '../match/signature.ts'
import { NO_CLASSES, type SecretClasses } from '../redact/classes.ts'
import { questionTable } from './question-table.ts'
import { isRefusal } from './recorded-answer.ts'

/**
 * Which recorded pairs ask which question. A pair that can be served is an entry, numbered from 0 in recorded order;
 * about 50 bytes are kept of it, whatever it holds.
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
  /** Whether this is the answer to a request whose content was never asked for. */
  isRefusal(entry: number): boolean
}

/**
 * Reads every request of a snapshot once.
 * @param note told of every pair that can be served
 * @param secrets how redacted requests are compared
 */
export function indexPairs(
  pairs: Pick<PairSource, 'asked'>,
  rules: MatchRules,
  note: (pair: AskedPair) => void = () => {},
  secrets: SecretClasses = NO_CLASSES,
): PairIndex {
  const columns = growingColumns()
  const origins = new Map<string, number>()
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
    const question = signatureOf(secrets.recorded(pair.request), rules)
    if (pair.outcome === 'client aborted') abandoned.push({ pair, question })
    else columns.add(pair.id, origin, questionKey(question))
  }
  const names = [...origins.keys()]
  const whole = pairIndex(columns.finish(), names, { unservable, refusals })
  // An answer that its client did not wait for counts only where no other was recorded.
  for (const { pair, question } of abandoned) {
    const { target } = pair.route
    if (whole.first(question, target) !== -1) unservable.push(pair.id)
    else columns.add(pair.id, origins.get(target) ?? 0, questionKey(question))
  }
  return abandoned.length === 0 ? whole : pairIndex(columns.finish(), names, { unservable, refusals })
}

/** What is known of the entries, a column each. */
interface IndexColumns {
  readonly ids: Float64Array
  /** Positions in the list of origins. */
  readonly origins: Uint32Array
  /** {@link KEY_WORDS} words an entry. */
  readonly keys: Uint32Array
}

function pairIndex(
  { ids, origins, keys }: IndexColumns,
  names: readonly string[],
  {
    unservable,
    refusals,
  }: { readonly unservable: readonly PairId[]; readonly refusals: ReadonlySet<PairId> },
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
    isRefusal: (entry) => refusals.size > 0 && refusals.has(ids[entry] ?? 0),
  }
}

/** Columns that double when they are full, since nobody says beforehand how many pairs come. */
function growingColumns(): {
  add(id: PairId, origin: number, key: QuestionKey): void
  finish(): IndexColumns
} {
  let size = 0
  let ids = new Float64Array(1024)
  let origins = new Uint32Array(1024)
  let keys = new Uint32Array(1024 * KEY_WORDS)
  const grow = (): void => {
    ids = copyOf(ids, new Float64Array(ids.length * 2))
    origins = copyOf(origins, new Uint32Array(origins.length * 2))
    keys = copyOf(keys, new Uint32Array(keys.length * 2))
  }
  return {
    add: (id, origin, key) => {
      if (size === ids.length) grow()
      ids[size] = id
      origins[size] = origin
      for (let word = 0; word < KEY_WORDS; word += 1)
        keys[size * KEY_WORDS + word] = key.readUInt32LE(word * 4)
      size += 1
    },
    finish: () => ({
      ids: ids.slice(0, size),
      origins: origins.slice(0, size),
      keys: keys.slice(0, size * KEY_WORDS),
    }),
  }
}

function copyOf<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
