import assert from 'node:assert/strict'
import type { PairSource, RRPair } from '../../src/core/pair.ts'
import { atOnce } from '../../src/core/sliced.ts'
import { NO_TRANSFORMS } from '../../src/transform/compile.ts'
import { createPlan, type ReplayPlan } from '../../src/respond/plan.ts'
import { aRequest, type RequestFields } from './a-pair.ts'
import { aSource } from './a-source.ts'
import { matchOf } from './match.ts'

/** A plan over pairs, with the `match:` of a document in YAML. */
export function aPlan(match: string, ...pairs: readonly RRPair[]): ReplayPlan {
  return aPlanOf(match, aSource(...pairs))
}

/** A plan over a source of pairs. @param pace as many times as fast as recorded; left out, without waits */
export function aPlanOf(match: string, pairs: PairSource, pace?: number): ReplayPlan {
  const planning = createPlan({
    pairs,
    transforms: NO_TRANSFORMS,
    match: matchOf(`match: ${match}`),
    clock: () => 0,
    cacheBytes: 1_000_000,
    pace,
  })
  return atOnce(planning)
}

/** The pair that answers; 0 for a miss. */
export function pairFor(plan: ReplayPlan, fields: RequestFields, origin?: string): number {
  const answer = plan.answer(aRequest(fields), origin)
  return answer.kind === 'hit' ? answer.pair : 0
}

/** The pairs that answer the same request several times. */
export function pairsFor(plan: ReplayPlan, times: number, fields: RequestFields): readonly number[] {
  return Array.from({ length: times }, () => pairFor(plan, fields))
}

/** The nearest recorded pair of a miss. */
export function nearestTo(plan: ReplayPlan, fields: RequestFields, origin?: string) {
  const answer = plan.answer(aRequest(fields), origin)
  assert.equal(answer.kind, 'miss')
  return answer.kind === 'miss' ? answer.near()[0] : undefined
}
