import { LRUCache } from 'lru-cache'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import {
  isServable,
  isWhole,
  type PairHead,
  type PairId,
  type PairSource,
  type WholePair,
} from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import {
  likelyCandidates,
  NEAR_MISSES,
  nearMisses,
  type Candidate,
  type NearMiss,
} from '../match/near-miss.ts'
import { pathOf, requestParts, signatureOf, type MatchRules, type RequestParts } from '../match/signature.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { indexPairs } from './pair-index.ts'

/** A snapshot made ready to answer. */
export interface ReplayPlan {
  /**
   * Answers a request that came for an origin (`https://api.example.com`); undefined asks all backends of the
   * snapshot. Without tokens to sign, no promise is made.
   */
  answer(request: HttpRequest, origin: string | undefined): Answer
  coverage(): Coverage
}

export type Answer =
  | { readonly kind: 'hit'; readonly pair: PairId; readonly response: HttpResponse | Promise<HttpResponse> }
  | { readonly kind: 'miss'; readonly near: readonly NearMiss[] }

/** Which pairs can be served, and which were. */
export interface Coverage {
  readonly pairs: number
  readonly served: number
  readonly neverServed: readonly PairId[]
  /** Pairs that hold no whole answer: cut off, failed or too large to store. */
  readonly unservable: readonly PairId[]
  /** Origins of the recorded backends. */
  readonly backends: readonly string[]
}

export interface PlanInput {
  readonly pairs: PairSource
  readonly transforms: CompiledTransforms
  readonly rules: MatchRules
  readonly clock: Clock
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
}

/** Indexes the snapshot once; a request then costs one signature, one look-up and its slots. */
export function createPlan(input: PlanInput): ReplayPlan {
  const { pairs, transforms, rules, clock } = input
  const index = indexPairs(pairs, rules)
  const served = new Uint8Array(index.size)
  /** For the first entry of a sequence the one that is next; the first itself is left out. */
  const positions = new Map<number, number>()
  const recorded = new LRUCache<PairId, WholePair>({
    maxSize: Math.max(1, input.cacheBytes),
    sizeCalculation: ({ response, request }) => response.body.length + request.body.length + 2048,
  })
  const nearTo = nearestPairs(pairs, rules)

  const responseOf = (id: PairId): HttpResponse | Promise<HttpResponse> | undefined => {
    const transformed = transforms.responses.get(id)
    if (transformed !== undefined) return transformed.served(clock())
    const known = recorded.get(id)
    if (known !== undefined) return known.response
    const pair = wholePair(pairs, id)
    if (pair !== undefined) recorded.set(id, pair)
    return pair?.response
  }

  return {
    answer: (request, origin) => {
      const first = index.first(signatureOf(request, rules), origin)
      const entry = positions.get(first) ?? first
      const id = index.id(entry)
      const response = entry === -1 ? undefined : responseOf(id)
      if (response === undefined) return { kind: 'miss', near: nearTo(request, origin) }
      const next = index.next(entry)
      if (next !== -1) positions.set(first, next)
      served[entry] = 1
      return { kind: 'hit', pair: id, response }
    },
    coverage: () => {
      const neverServed = [...served.keys()].filter((entry) => served[entry] === 0)
      return {
        pairs: index.size,
        served: index.size - neverServed.length,
        neverServed: neverServed.map(index.id),
        unservable: index.unservable,
        backends: index.origins,
      }
    },
  }
}

function wholePair(pairs: PairSource, id: PairId): WholePair | undefined {
  const pair = pairs.pair(id)
  return pair !== undefined && isWhole(pair) ? pair : undefined
}

/** Finds what comes near a request that nothing answers. Heads are read when the first one comes. */
function nearestPairs(
  pairs: PairSource,
  rules: MatchRules,
): (request: HttpRequest, origin: string | undefined) => readonly NearMiss[] {
  let heads: readonly PairHead[] | undefined
  return (request, origin) => {
    heads ??= [...pairs.heads()]
    const asked = requestParts(request, rules)
    const servable = heads.filter(isServable)
    const unservable = heads.filter((head) => !isServable(head))
    // A miss must not cost as much as the snapshot is long: only likely pairs are read.
    const likely = likelyCandidates(
      asked,
      servable.map(({ id, request: { method, target } }) => ({ pair: id, method, path: pathOf(target) })),
    )
    const near = nearMisses(
      asked,
      likely.flatMap((id): Candidate[] => {
        const pair = wholePair(pairs, id)
        if (pair === undefined) return []
        return [{ pair: id, target: pair.request.target, parts: requestParts(pair.request, rules) }]
      }),
    )
    const elsewhere = near.map((miss) => {
      const target = servable.find(({ id }) => id === miss.pair)?.route.target
      if (origin === undefined || target === origin) return miss
      return { ...miss, differs: [{ field: 'backend', recorded: target, asked: origin }, ...miss.differs] }
    })
    return [...brokenRecordings(asked, unservable), ...elsewhere].slice(0, NEAR_MISSES)
  }
}

/** The same question was recorded, but its answer did not come whole. */
function brokenRecordings(asked: RequestParts, unservable: readonly PairHead[]): readonly NearMiss[] {
  return unservable
    .filter(({ request }) => request.method === asked.method && pathOf(request.target) === asked.path)
    .map(({ id, request, outcome }) => ({
      pair: id,
      method: request.method,
      target: maskedTarget(request.target),
      differs: [
        {
          field: 'recording',
          recorded: outcome === 'complete' ? 'stored truncated' : outcome,
          asked: 'a whole answer',
        },
      ],
    }))
}
