import { errorMessage, ResealError } from '../core/errors.ts'
import type { Clock, EpochMs } from '../core/time.ts'
import type { ReplayPlan } from '../respond/plan.ts'
import type { LoadedSnapshot } from './loaded-snapshot.ts'

/** A plan, and what it was made of. */
export interface ServedPlan {
  /** 1 for the first, then one more for each. */
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
   * Loads what is there now and serves it; a plan that cannot be made leaves the one that serves in its place.
   * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*, CONFIG_INVALID
   */
  reload(): ServedPlan
  /** Why a load was refused, with the place in the file, in one line. */
  whyRefused(error: unknown): string
  close(): void
}

export interface LivePlanOptions {
  readonly first: LoadedSnapshot
  /** @throws ResealError */
  readonly load: () => LoadedSnapshot
  /** @param before the plan whose place it takes */
  readonly plan: (loaded: LoadedSnapshot, before: ServedPlan | undefined) => ReplayPlan
  /** Told of each snapshot as it begins to serve. */
  readonly onServe: (loaded: LoadedSnapshot) => void
  readonly clock: Clock
}

/** Serves the first plan until another one is loaded. @throws ResealError as making a plan does */
export function createLivePlan({ first, load, plan, onServe, clock }: LivePlanOptions): LivePlan {
  const serve = (loaded: LoadedSnapshot, before?: ServedPlan): ServedPlan => ({
    revision: (before?.revision ?? 0) + 1,
    loadedAt: clock(),
    loaded,
    plan: plan(loaded, before),
  })
  let current = serve(first)
  onServe(first)
  let refused: RefusedLoad | undefined
  const loads = { good: 1, refused: 0 }
  const replaced = (loaded: LoadedSnapshot): ServedPlan => {
    try {
      return serve(loaded, current)
    } catch (error) {
      loaded.close()
      throw error
    }
  }
  return {
    get current() {
      return current
    },
    get refused() {
      return refused
    },
    loads,
    reload: () => {
      const before = current
      try {
        current = replaced(load())
      } catch (error) {
        refused = { at: clock(), error: asResealError(error) }
        loads.refused += 1
        throw error
      }
      refused = undefined
      loads.good += 1
      onServe(current.loaded)
      // An answer that is still being signed needs the snapshot no more.
      before.loaded.close()
      return current
    },
    whyRefused: (error) => {
      const { message, place } = asResealError(error)
      return place === undefined ? message : `${place.file}:${place.line}:${place.column}: ${message}`
    },
    close: () => current.loaded.close(),
  }
}

function asResealError(error: unknown): ResealError {
  if (error instanceof ResealError) return error
  return new ResealError('UNEXPECTED', errorMessage(error), { cause: error })
}
