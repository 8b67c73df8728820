import { maskedTarget } from '../core/masking.ts'
import type { PairId } from '../core/pair.ts'
import type { Difference } from './difference.ts'
import type { MatchRules } from './match-rules.ts'
import { weightiest, type MissCause } from './miss-cause.ts'
import { differences, MAX_DIFFERENCES, type OpenedRequest } from './request-difference.ts'

/** A recorded request that came close, and in what it differs. */
export interface NearMiss {
  readonly pair: PairId
  readonly method: string
  /** The recorded request target. */
  readonly target: string
  readonly differs: readonly Difference[]
  /** All that differs is listed. */
  readonly complete: boolean
  /** Why it probably does not fit. */
  readonly cause: MissCause
}

/** How many near misses a report names. */
export const NEAR_MISSES = 3

/** A recorded request as the search for near misses needs it. */
export interface Candidate {
  readonly pair: PairId
  readonly opened: OpenedRequest
  /** What differs besides the request itself, such as the backend. */
  readonly besides: readonly Difference[]
}

/** The recorded requests nearest to the one asked, the nearest first. */
export function nearMisses(
  asked: OpenedRequest,
  candidates: Iterable<Candidate>,
  rules: MatchRules,
): readonly NearMiss[] {
  const ranked = [...candidates].map(({ pair, opened, besides }) => {
    const found = differences(asked, opened, rules)
    const differs = [...besides, ...found]
    const complete = found.length < MAX_DIFFERENCES
    return { pair, opened, differs, complete, distance: distanceOf(differs, asked.path, opened.path) }
  })
  return ranked
    .toSorted((a, b) => a.distance - b.distance || a.pair - b.pair)
    .slice(0, NEAR_MISSES)
    .map(({ pair, opened: { request }, differs, complete, distance }) => ({
      pair,
      method: request.method,
      target: maskedTarget(request.target),
      differs,
      complete,
      cause: distance >= FAR ? 'new endpoint' : weightiest(differs.map(({ cause }) => cause)),
    }))
}

/** From here on a recorded request is another endpoint's: the nearest of them only says so. */
const FAR = 10

/** By the word a field begins with; what is not here weighs 1. */
const WEIGHTS: Readonly<Record<string, number>> = { method: 4, backend: 3, body: 2, order: 0, user: 0 }

function distanceOf(differs: readonly Difference[], asked: string, recorded: string): number {
  return differs.reduce((sum, { field, cause }) => sum + weightOf(field, cause, asked, recorded), 0)
}

function weightOf(field: string, cause: MissCause, asked: string, recorded: string): number {
  if (field !== 'path') return WEIGHTS[field.includes(' $') ? 'value' : field] ?? 1
  return cause === 'path' ? pathDistance(asked, recorded) : 2
}

/** 12 for paths that share no segment. */
function pathDistance(asked: string, recorded: string): number {
  const [left, right] = [asked.split('/'), recorded.split('/')]
  const longest = Math.max(left.length, right.length) - 1
  const same = left.filter((segment, index) => index > 0 && segment === right[index]).length
  return 3 + 9 * (1 - same / Math.max(1, longest))
}
