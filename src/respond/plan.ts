import { LRUCache } from 'lru-cache'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import { isWhole, type PairHead, type PairId, type PairSource, type WholePair } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import {
  likelyCandidates,
  NEAR_MISSES,
  nearMisses,
  type Candidate,
  type NearMiss,
} from '../match/near-miss.ts'
import {
  pathOf,
  requestParts,
  signatureOf,
  type MatchRules,
  type RequestParts,
  type Signature,
} from '../match/signature.ts'
import type { CompiledTransforms } from '../transform/compile.ts'

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
  readonly neverServed: readonly PairHead[]
  /** Pairs that hold no whole answer: cut off, failed or too large to store. */
  readonly unservable: readonly PairHead[]
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

/** Pairs of one signature for one origin, in recorded order. */
interface Sequence {
  readonly origin: string
  readonly pairs: PairId[]
  next: number
}

/** Indexes the snapshot once; a request then costs one signature, one look-up and its slots. */
export function createPlan(input: PlanInput): ReplayPlan {
  const { pairs, transforms, rules, clock } = input
  const index = indexPairs(pairs, rules)
  const served = new Set<PairId>()
  const recorded = new LRUCache<PairId, WholePair>({
    maxSize: Math.max(1, input.cacheBytes),
    sizeCalculation: ({ response, request }) => response.body.length + request.body.length + 2048,
  })

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
      const sequence = choose(index.sequences.get(signatureOf(request, rules)), origin)
      const id = sequence?.pairs[sequence.next]
      const response = id === undefined ? undefined : responseOf(id)
      if (sequence === undefined || id === undefined || response === undefined) {
        return { kind: 'miss', near: nearTo(request, origin, index, pairs, rules) }
      }
      if (sequence.next + 1 < sequence.pairs.length) sequence.next += 1
      served.add(id)
      return { kind: 'hit', pair: id, response }
    },
    coverage: () => ({
      pairs: index.servable.length,
      served: served.size,
      neverServed: index.servable.filter(({ id }) => !served.has(id)),
      unservable: index.unservable,
      backends: [...new Set([...index.servable, ...index.unservable].map(({ route }) => route.target))],
    }),
  }
}

interface PairIndex {
  readonly sequences: ReadonlyMap<Signature, readonly Sequence[]>
  readonly servable: readonly PairHead[]
  readonly unservable: readonly PairHead[]
}

function indexPairs(pairs: PairSource, rules: MatchRules): PairIndex {
  const sequences = new Map<Signature, Sequence[]>()
  const servable: PairHead[] = []
  const unservable: PairHead[] = []
  for (const head of pairs.heads()) {
    const pair = head.outcome === 'complete' ? wholePair(pairs, head.id) : undefined
    if (pair === undefined || pair.requestTruncated) {
      unservable.push(head)
      continue
    }
    servable.push(head)
    const signature = signatureOf(pair.request, rules)
    const known = sequences.get(signature) ?? []
    const sequence = known.find(({ origin }) => origin === head.route.target)
    if (sequence !== undefined) sequence.pairs.push(head.id)
    else known.push({ origin: head.route.target, pairs: [head.id], next: 0 })
    sequences.set(signature, known)
  }
  return { sequences, servable, unservable }
}

/** A listener mapped to a backend gets that backend's pairs only; one that is not gets the first recorded. */
function choose(
  sequences: readonly Sequence[] | undefined,
  origin: string | undefined,
): Sequence | undefined {
  return origin === undefined ? sequences?.[0] : sequences?.find((sequence) => sequence.origin === origin)
}

function wholePair(pairs: PairSource, id: PairId): WholePair | undefined {
  const pair = pairs.pair(id)
  return pair !== undefined && isWhole(pair) ? pair : undefined
}

/** A miss must not cost as much as the snapshot is long: only likely pairs are read. */
function nearTo(
  request: HttpRequest,
  origin: string | undefined,
  { servable, unservable }: PairIndex,
  pairs: PairSource,
  rules: MatchRules,
): readonly NearMiss[] {
  const asked = requestParts(request, rules)
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
