import type { BinaryText } from '../../core/binary-text.ts'
import { createSpeltValues, type Spelling } from './spellings.ts'

/** What is learnt while a replay runs, and used by the responses after it. */
export interface Variables {
  get(name: string): BinaryText | undefined
  set(name: string, value: BinaryText): void
  /** The live value that stands for a recorded one, once a request has shown it. */
  liveFor(recorded: BinaryText): BinaryText | undefined
  learn(recorded: BinaryText, live: BinaryText): void
  /**
   * The same, and requests with the live value mean the recorded one from then on.
   * @param overwrite whether it takes the place of the live value before
   */
  map(recorded: BinaryText, live: BinaryText, overwrite: boolean): void
  /** Whether any value was mapped. */
  readonly isMapping: boolean
  /** A text of a request with the recorded values in place of the mapped live ones. @param own see {@link SpeltValues} */
  recordedIn(text: BinaryText, own: Spelling): BinaryText
}

/** Live values that are remembered; the oldest goes for a new one. */
const MAX_LEARNT = 10_000
/** A longer value is not kept as a variable. */
const MAX_VALUE_BYTES = 64 * 1024
/** A longer live value is not looked for in requests. */
const MAX_MAPPED_BYTES = 1024

/** What is known of a client, as long as there is one; of undefined, what is known of all that have no name. */
export type ClientVariables = (client: object | undefined) => Variables

/** @param initial what each variable holds until a request or response says more */
export function clientVariables(initial: ReadonlyMap<string, BinaryText>): ClientVariables {
  const everybody = createVariables(initial)
  const clients = new WeakMap<object, Variables>()
  return (client) => {
    if (client === undefined) return everybody
    const known = clients.get(client)
    if (known !== undefined) return known
    const own = createVariables(initial)
    clients.set(client, own)
    return own
  }
}

function createVariables(initial: ReadonlyMap<string, BinaryText>): Variables {
  const values = new Map(initial)
  const learnt = new Map<BinaryText, BinaryText>()
  const recordedFor = new Map<BinaryText, BinaryText>()
  const mapped = createSpeltValues()
  const learn = (recorded: BinaryText, live: BinaryText): void => {
    if (live.length <= MAX_VALUE_BYTES) remember(learnt, recorded, live)
  }
  return {
    get: (name) => values.get(name),
    set: (name, value) => {
      if (value.length <= MAX_VALUE_BYTES) values.set(name, value)
    },
    liveFor: (recorded) => learnt.get(recorded),
    learn,
    map: (recorded, live, overwrite) => {
      if (overwrite || !learnt.has(recorded)) learn(recorded, live)
      if (recordedFor.get(live) === recorded || live.length > MAX_MAPPED_BYTES || !mapped.add(live)) return
      const forgotten = remember(recordedFor, live, recorded)
      if (forgotten !== undefined) mapped.delete(forgotten)
    },
    get isMapping() {
      return mapped.size > 0
    },
    recordedIn: (text, own) => mapped.replace(text, own, (live) => recordedFor.get(live)),
  }
}

/** @returns the key that was forgotten for it */
function remember(
  map: Map<BinaryText, BinaryText>,
  key: BinaryText,
  value: BinaryText,
): BinaryText | undefined {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size <= MAX_LEARNT || oldest === undefined) return undefined
  map.delete(oldest)
  return oldest
}
