import { errorMessage, ResealError } from '../core/errors.ts'
import { oneAfterAnother } from '../core/one-after-another.ts'
import type { PairId } from '../core/pair.ts'
import { createSharedLock } from '../core/shared-lock.ts'
import { inSlices, type Sliced } from '../core/sliced.ts'
import type { Clock, EpochMs } from '../core/time.ts'
import type { ReplayPlan } from '../respond/plan.ts'
import type { LoadedSnapshot } from './loaded-snapshot.ts'

/** A plan, and what it was made of. */
export interface ServedPlan {
  /** 1 for the first, then one more for each, and for each pair that one takes in. */
  readonly revision: number
  readonly loadedAt: EpochMs
  readonly loaded: LoadedSnapshot
  readonly plan: ReplayPlan
}

/** Why what is there now is not served. */
export interface RefusedLoad {
  readonly at: EpochMs
  readonly error: ResealError
}

/** The plan that serves, until a better one takes its place between two requests. */
export interface LivePlan {
  readonly current: ServedPlan
  /** Undefined when the last load was good. */
  readonly refused: RefusedLoad | undefined
  /** Loads since the start, the first among them. */
  readonly loads: { readonly good: number; readonly refused: number }
  /**
   * Loads what is there now, in slices between which requests are answered, and serves it from between two requests
   * on; a plan that cannot be made leaves the one that serves in its place. Whoever calls while one is loaded gets the
   * one that is loaded after it.
   * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*, CONFIG_INVALID; an AbortError once it is closed
   */
  reload(): Promise<ServedPlan>
  /**
   * Stores a pair, and has it served by the next request: it is taken into the plan that serves, or where it changes what
   * other pairs serve, all is loaded anew. While a plan is loaded nothing is stored, so that it is made of the same pairs
   * from end to end.
   * @param store resolves when the pair is committed to the snapshot that is served
   * @throws what `store` throws
   */
  admit(id: PairId, store: () => Promise<void>): Promise<void>
  /** The same for a change to a pair that was admitted: all is loaded anew. */
  amend(store: () => Promise<void>): Promise<void>
  /** Why a load was refused, with the place in the file, in one line. */
  whyRefused(error: unknown): string
  /** A load that is under way is abandoned. */
  close(): void
}

export interface LivePlanOptions {
  /** @param signal abandons it @throws ResealError */
  readonly load: (signal: AbortSignal, before: ServedPlan | undefined) => Promise<LoadedSnapshot>
  /** @param before the plan whose place it takes */
  readonly plan: (loaded: LoadedSnapshot, before: ServedPlan | undefined) => Sliced<ReplayPlan>
  /** Waited for before another plan takes the place of the one that serves. */
  readonly beforeChange?: () => Promise<void>
  /** Told of each plan as it begins to serve. */
  readonly onServe: (served: ServedPlan) => void
  readonly clock: Clock
}

/** Serves what is there now until another plan is loaded. @throws ResealError as making a plan does */
export async function openLivePlan(options: LivePlanOptions): Promise<LivePlan> {
  const { load, plan, beforeChange, onServe, clock } = options
  const closing = new AbortController()
  const { signal } = closing
  const make = async (before?: ServedPlan): Promise<ServedPlan> => {
    signal.throwIfAborted()
    const loaded = await load(signal, before)
    try {
      const made = await inSlices(plan(loaded, before), signal)
      return { revision: (before?.revision ?? 0) + 1, loadedAt: clock(), loaded, plan: made }
    } catch (error) {
      loaded.close()
      throw error
    }
  }
  let current = await make()
  onServe(current)
  let refused: RefusedLoad | undefined
  const lock = createSharedLock()
  const loads = { good: 1, refused: 0 }
  const replace = async (): Promise<ServedPlan> => {
    const before = current
    try {
      const made = await make(before)
      await beforeChange?.()
      current = made
    } catch (error) {
      if (signal.aborted) throw error
      refused = { at: clock(), error: asResealError(error) }
      loads.refused += 1
      throw error
    }
    refused = undefined
    loads.good += 1
    onServe(current)
    // An answer that is still being signed needs the snapshot no more.
    before.loaded.close()
    return current
  }
  const reload = oneAfterAnother(() => lock.alone(replace))
  const takeIn = (id: PairId): boolean => {
    const { loaded, plan: serving, revision } = current
    const pair = loaded.reader.pair(id)
    if (pair === undefined || !loaded.transforms.add(pair) || !serving.add(pair)) return false
    current = { ...current, revision: revision + 1, loadedAt: clock() }
    return true
  }
  const storeAnd = async (store: () => Promise<void>, served: () => boolean): Promise<void> => {
    const isServed = await lock.together(async () => {
      await store()
      return served()
    })
    // It is stored all the same; why it does not answer is what the plan says that was refused.
    if (!isServed) await reload().catch(() => undefined)
  }
  return {
    get current() {
      return current
    },
    get refused() {
      return refused
    },
    loads,
    reload,
    admit: (id, store) => storeAnd(store, () => takeIn(id)),
    amend: (store) => storeAnd(store, () => false),
    whyRefused: (error) => {
      const { message, place } = asResealError(error)
      return place === undefined ? message : `${place.file}:${place.line}:${place.column}: ${message}`
    },
    close: () => {
      closing.abort()
      current.loaded.close()
    },
  }
}

function asResealError(error: unknown): ResealError {
  if (error instanceof ResealError) return error
  return new ResealError('UNEXPECTED', errorMessage(error), { cause: error })
}
