import type { BinaryText } from '../../core/binary-text.ts'

/** What is learnt while a replay runs, and used by the responses after it. */
export interface Variables {
  get(name: string): BinaryText | undefined
  set(name: string, value: BinaryText): void
  /** The live value that stands for a recorded one, once a request has shown it. */
  liveFor(recorded: BinaryText): BinaryText | undefined
  learn(recorded: BinaryText, live: BinaryText): void
}

/** Live values that are remembered; the oldest goes for a new one. */
const MAX_LEARNT = 10_000
/** A longer value is not kept as a variable. */
const MAX_VALUE_BYTES = 64 * 1024

/** What is known of a client, as long as there is one; of undefined, what is known of all that have no name. */
export type ClientVariables = (client: object | undefined) => Variables

/** @param initial what each variable holds until a request or response says more */
export function clientVariables(initial: ReadonlyMap<string, BinaryText>): ClientVariables {
  const everybody = createVariables(initial)
  const clients = new WeakMap<object, Variables>()
  return (client) => {
    if (client === undefined) return everybody
    const known = clients.get(client) ?? createVariables(initial)
    clients.set(client, known)
    return known
  }
}

function createVariables(initial: ReadonlyMap<string, BinaryText>): Variables {
  const values = new Map(initial)
  const learnt = new Map<BinaryText, BinaryText>()
  return {
    get: (name) => values.get(name),
    set: (name, value) => {
      if (value.length <= MAX_VALUE_BYTES) values.set(name, value)
    },
    liveFor: (recorded) => learnt.get(recorded),
    learn: (recorded, live) => {
      if (live.length > MAX_VALUE_BYTES) return
      learnt.delete(recorded)
      learnt.set(recorded, live)
      const [oldest] = learnt.keys()
      if (learnt.size > MAX_LEARNT && oldest !== undefined) learnt.delete(oldest)
    },
  }
}
