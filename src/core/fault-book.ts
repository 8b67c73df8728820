import { ResealError } from './errors.ts'
import type { Dice } from './fault.ts'
import type { Clock, EpochMs } from './time.ts'

/** How often a fault happens; without any of it, every time. Requests are counted that it is for. */
export interface FaultLimits {
  /** How many times in all. */
  readonly times?: number | undefined
  /** Not at the first so many requests. */
  readonly after?: number | undefined
  /** At the first of so many requests, then at the first of the next so many. */
  readonly every?: number | undefined
  /** Of each request, from 0 to 1. */
  readonly probability?: number | undefined
  /** Two faults of one seed and probability happen in the same order. Default 1. */
  readonly seed?: number | undefined
}

/** A fault that was set, until it is cleared. */
export interface SetFault<D> {
  readonly id: string
  readonly definition: D
  readonly setAt: EpochMs
  /** How many times it has happened. */
  readonly happened: number
}

/** A fault that happens now. */
export interface HappeningFault<D> {
  readonly id: string
  readonly definition: D
  readonly dice: Dice
}

/** Faults that are set, and how often each has happened. */
export interface FaultBook<D extends FaultLimits> {
  readonly size: number
  /**
   * From now on, beside those already set.
   * @returns the id to clear it by
   * @throws ResealError USAGE when {@link MAX_FAULTS} are set
   */
  set(definition: D): string
  /** Takes back one fault, or all. @returns how many there were */
  clear(id?: string): number
  /** In the order in which they were set; those that have happened all their times too. */
  list(): readonly SetFault<D>[]
  /** Sets a fault for as long as the work takes, and takes it back however the work ends. */
  during<T>(definition: D, work: () => T | Promise<T>): Promise<T>
  /**
   * Those that happen at one request; they count as happened then. Of those of one effect only the first happens, so
   * that 503 once and 429 once come one after the other.
   * @param effect what the fault does at this request; undefined for one that is not for it
   * @param before those that happen at the request already
   */
  happening(
    effect: (definition: D) => string | undefined,
    before?: readonly HappeningFault<D>[],
  ): readonly HappeningFault<D>[]
  /** How often faults have happened, those too that were cleared. */
  readonly total: number
  /** Every fault begins to count anew. */
  rewind(): void
}

/** A test that never clears its faults is told so before the list grows without end. */
export const MAX_FAULTS = 1000

interface LiveFault<D> extends SetFault<D> {
  happened: number
  seen: number
  dice: Dice
}

export function createFaultBook<D extends FaultLimits>(clock: Clock): FaultBook<D> {
  const faults = new Map<string, LiveFault<D>>()
  let count = 0
  let total = 0
  const set = (definition: D): string => {
    refuseTooMany(faults.size)
    count += 1
    const id = `fault-${count}`
    const dice = seededDice(definition.seed ?? 1)
    faults.set(id, { id, definition, setAt: clock(), dice, happened: 0, seen: 0 })
    return id
  }
  const clear = (id?: string): number => {
    const before = faults.size
    if (id === undefined) faults.clear()
    else faults.delete(id)
    return before - faults.size
  }
  return {
    get size() {
      return faults.size
    },
    get total() {
      return total
    },
    set,
    clear,
    list: () =>
      [...faults.values()].map(({ id, definition, setAt, happened }) => ({
        id,
        definition,
        setAt,
        happened,
      })),
    during: async (definition, work) => {
      const id = set(definition)
      try {
        return await work()
      } finally {
        clear(id)
      }
    },
    happening: (effectOf, before = []) => {
      const taken = new Set(before.map(({ definition }) => effectOf(definition)))
      const happening: HappeningFault<D>[] = []
      for (const fault of faults.values()) {
        const effect = effectOf(fault.definition)
        if (effect === undefined) continue
        fault.seen += 1
        if (taken.has(effect) || !happensAt(fault)) continue
        taken.add(effect)
        fault.happened += 1
        total += 1
        happening.push(fault)
      }
      return happening
    },
    rewind: () => {
      for (const fault of faults.values()) {
        Object.assign(fault, { seen: 0, happened: 0, dice: seededDice(fault.definition.seed ?? 1) })
      }
    },
  }
}

/** Dice are thrown only where nothing else speaks against it, so that a seed stands for one order of events. */
function happensAt<D extends FaultLimits>({ definition, seen, happened, dice }: LiveFault<D>): boolean {
  const { times = Infinity, after = 0, every = 1, probability = 1 } = definition
  if (happened >= times || seen <= after || (seen - after - 1) % every !== 0) return false
  return dice() < probability
}

function refuseTooMany(setAlready: number): void {
  if (setAlready < MAX_FAULTS) return
  throw new ResealError('USAGE', `${MAX_FAULTS} faults are set already`, {
    hint: 'Clear faults that are over; fault(where, what, work) takes its own back.',
  })
}

/** Even numbers from a seed (mulberry32), so that a test that failed fails again. */
function seededDice(seed: number): Dice {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
