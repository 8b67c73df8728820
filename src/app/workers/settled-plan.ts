import type { HttpRequest, HttpResponse } from '../../core/exchange.ts'
import type { PairId } from '../../core/pair.ts'
import { inSlices } from '../../core/sliced.ts'
import type { Clock } from '../../core/time.ts'
import { secretClasses } from '../../redact/classes.ts'
import { compileRules } from '../../redact/rules.ts'
import { settledAnswers, type SettledAnswers, type SettledHit } from '../../respond/settled-answers.ts'
import { openSnapshot, type SnapshotReader } from '../../store/snapshot-reader.ts'
import type { ReplayFaultDefinition } from '../../transform/document/fault-schema.ts'
import type { FaultFilter } from '../../transform/filters/fault-filter.ts'
import { matchSettings } from '../match-rules.ts'
import { inodeOf } from '../snapshot-stamp.ts'
import type { KeptAnswer, WorkerOrders, WorkerPlan } from './messages.ts'

/** What a worker answers by itself: what is settled in the plan that serves, and nothing while there is none. */
export interface SettledPlan extends Pick<SettledAnswers, 'answer' | 'mayBeRefused'> {
  begin(orders: WorkerOrders): void
  yield(): void
  /** @returns false where the snapshot is not what the primary sees, or another order came meanwhile @throws ResealError */
  serve(plan: WorkerPlan): Promise<boolean>
  /** The faults that are set: what they may be for is the primary's. Resolves when it is. */
  follow(faults: readonly ReplayFaultDefinition[]): Promise<void>
  keep(keep: KeptAnswer, response: HttpResponse): void
  newlyServed(): readonly PairId[]
}

interface Serving {
  readonly revision: number
  readonly answers: SettledAnswers
  readonly reader: SnapshotReader
}

/** Answers nothing yet. */
export function openSettledPlan(clock: Clock): SettledPlan {
  let orders: WorkerOrders | undefined
  let serving: Serving | undefined
  let faults: readonly FaultFilter[] = []
  let following = Promise.resolve()
  /** Pairs that were an answer of plans before. */
  let left: readonly PairId[] = []
  let making = new AbortController()

  const stop = (): void => {
    making.abort()
    making = new AbortController()
    if (serving === undefined) return
    left = [...left, ...serving.answers.newlyServed()]
    serving.reader.close()
    serving = undefined
  }
  /** One after another: the last that was heard of counts. */
  const follow = (definitions: readonly ReplayFaultDefinition[]): Promise<void> => {
    following = following.then(async () => {
      faults = definitions.length === 0 ? [] : await faultFilters(definitions)
    })
    return following
  }
  const mayFail = (request: HttpRequest, origin: string | undefined): boolean =>
    faults.some((fault) => fault.request(request, origin))
  return {
    begin: (given) => {
      orders = given
    },
    yield: stop,
    serve: async (plan) => {
      stop()
      const { signal } = making
      await follow(plan.faults)
      if (orders === undefined || signal.aborted) return false
      const reader = openSnapshot(plan.file)
      let answers: SettledAnswers | undefined
      try {
        const made = await inSlices(settledAnswers(inputOf(plan, orders, reader, clock)), signal)
        const isSame =
          made.size === plan.servable &&
          made.unservable === plan.unservable &&
          inodeOf(plan.file) === plan.inode
        if (isSame && !signal.aborted) answers = made
      } catch (error) {
        if (!signal.aborted) throw error
      } finally {
        if (answers === undefined) reader.close()
      }
      if (answers === undefined) return false
      serving = { revision: plan.revision, answers, reader }
      return true
    },
    follow,
    answer: (request, origin): SettledHit | undefined =>
      serving === undefined || mayFail(request, origin) ? undefined : serving.answers.answer(request, origin),
    mayBeRefused: (request, origin) =>
      serving === undefined || mayFail(request, origin) || serving.answers.mayBeRefused(request, origin),
    keep: ({ pair, revision, second }, response) => {
      if (serving?.revision === revision) serving.answers.keep(pair, response, second)
    },
    newlyServed: () => {
      const pairs = [...left, ...(serving?.answers.newlyServed() ?? [])]
      left = []
      return pairs
    },
  }
}

/** Most replays have no faults, and their workers nothing of what reads documents. */
async function faultFilters(definitions: readonly ReplayFaultDefinition[]): Promise<readonly FaultFilter[]> {
  const { compileFaultFilter } = await import('../../transform/filters/fault-filter.ts')
  return definitions.map(({ filters }) => compileFaultFilter(filters))
}

function inputOf(
  { match, redact, changed }: WorkerPlan,
  { cacheBytes, pace, latency }: WorkerOrders,
  pairs: SnapshotReader,
  clock: Clock,
) {
  const secrets = secretClasses(compileRules(redact))
  return {
    pairs,
    match: matchSettings(match),
    secrets,
    changed: new Set(changed),
    clock,
    cacheBytes,
    pace,
    latency,
  }
}
