import { LRUCache } from 'lru-cache'
import type { Delivery } from '../core/delivery.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import { isServable, type AskedPair, type PairHead, type PairId, type PairSource } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import {
  likelyCandidates,
  NEAR_MISSES,
  nearMisses,
  type Candidate,
  type NearMiss,
} from '../match/near-miss.ts'
import { pathOf, requestParts, signatureOf, type MatchRules, type RequestParts } from '../match/signature.ts'
import { NO_CLASSES, type SecretClasses } from '../redact/classes.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { indexPairs } from './pair-index.ts'
import { answeredPair, recordedDelivery, type AnsweredPair } from './recorded-answer.ts'

/** A snapshot made ready to answer. */
export interface ReplayPlan {
  /**
   * Answers a request that came for an origin (`https://api.example.com`); undefined asks all backends of the
   * snapshot. Without tokens to sign, no promise is made.
   */
  answer(request: HttpRequest, origin: string | undefined): Answer
  /**
   * The recorded refusal of a request that waits for a 100 before it sends its content (RFC 9110 §10.1.1); undefined
   * when its content was asked for.
   */
  refusal(request: HttpRequest, origin: string | undefined): Hit | undefined
  coverage(): Coverage
}

export interface Hit {
  readonly kind: 'hit'
  readonly pair: PairId
  readonly response: HttpResponse | Promise<HttpResponse>
}

export type Answer = Hit | { readonly kind: 'miss'; readonly near: readonly NearMiss[] }

/** Which pairs can be served, and which were. */
export interface Coverage {
  readonly pairs: number
  readonly served: number
  readonly neverServed: readonly PairId[]
  /** Pairs that hold no answer, or one their client did not wait for while another did. */
  readonly unservable: readonly PairId[]
  /** Origins of the recorded backends. */
  readonly backends: readonly string[]
}

export interface PlanInput {
  readonly pairs: PairSource
  readonly transforms: CompiledTransforms
  readonly rules: MatchRules
  /** How redacted requests are compared; by default no request is. */
  readonly secrets?: SecretClasses
  readonly clock: Clock
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
  /** Recorded waits are kept, so many times as fast; undefined for none. */
  readonly pace?: number | undefined
}

/** Indexes the snapshot once; a request then costs one signature, one look-up and its slots. */
export function createPlan(input: PlanInput): ReplayPlan {
  const { pairs, transforms, rules, clock, pace, secrets = NO_CLASSES } = input
  const deliveries = new Map<PairId, Delivery>()
  const noteDelivery = (pair: AskedPair): void => {
    // Of all others it is known when they are read.
    const delivery = transforms.responses.has(pair.id) ? recordedDelivery(pair, pace) : undefined
    if (delivery !== undefined) deliveries.set(pair.id, delivery)
  }
  const index = indexPairs(pairs, rules, noteDelivery, secrets)
  const served = new Uint8Array(index.size)
  /** For the first entry of a sequence the one that is next; the first itself is left out. */
  const positions = new Map<number, number>()
  const recorded = new LRUCache<PairId, AnsweredPair>({
    maxSize: Math.max(1, input.cacheBytes),
    sizeCalculation: ({ response, request }) => response.body.length + request.body.length + 2048,
  })
  const nearTo = nearestPairs(pairs, rules, secrets)

  const responseOf = (id: PairId, request: HttpRequest): HttpResponse | Promise<HttpResponse> | undefined => {
    const transformed = transforms.responses.get(id)
    if (transformed !== undefined) return delivered(transformed.served(clock(), request), deliveries.get(id))
    const known = recorded.get(id)
    if (known !== undefined) return known.response
    const pair = answerOf(pairs, id, pace)
    if (pair !== undefined) recorded.set(id, pair)
    return pair?.response
  }
  const serve = (first: number, request: HttpRequest): Hit | undefined => {
    const entry = positions.get(first) ?? first
    const id = index.id(entry)
    const response = entry === -1 ? undefined : responseOf(id, request)
    if (response === undefined) return undefined
    const next = index.next(entry)
    if (next !== -1) positions.set(first, next)
    served[entry] = 1
    return { kind: 'hit', pair: id, response }
  }

  /** As it came; then, where the recording is redacted, with each secret standing for its kind. */
  const find = (request: HttpRequest, origin: string | undefined): number => {
    const first = index.first(signatureOf(request, rules), origin)
    const classed = first === -1 ? secrets.asked(request) : undefined
    return classed === undefined ? first : index.first(signatureOf(classed, rules), origin)
  }

  return {
    answer: (request, origin) =>
      serve(find(request, origin), request) ?? {
        kind: 'miss',
        near: nearTo(request, origin),
      },
    refusal: (request, origin) => {
      const first = find(request, origin)
      return index.isRefusal(positions.get(first) ?? first) ? serve(first, request) : undefined
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

/** A pair as it answers, with the way its answer travels. */
function answerOf(pairs: PairSource, id: PairId, pace: number | undefined): AnsweredPair | undefined {
  const pair = storedPair(pairs, id)
  const delivery = pair && recordedDelivery(pair, pace)
  return delivery === undefined ? pair : pair && { ...pair, response: { ...pair.response, delivery } }
}

function storedPair(pairs: PairSource, id: PairId): AnsweredPair | undefined {
  const pair = pairs.pair(id)
  return pair && answeredPair(pair)
}

function delivered(
  response: HttpResponse | Promise<HttpResponse>,
  delivery: Delivery | undefined,
): HttpResponse | Promise<HttpResponse> {
  if (delivery === undefined) return response
  if (response instanceof Promise)
    return response.then((ready) => ({ ...ready, delivery: { ...ready.delivery, ...delivery } }))
  return { ...response, delivery: { ...response.delivery, ...delivery } }
}

/** Finds what comes near a request that nothing answers. Heads are read when the first one comes. */
function nearestPairs(
  pairs: PairSource,
  rules: MatchRules,
  secrets: SecretClasses,
): (request: HttpRequest, origin: string | undefined) => readonly NearMiss[] {
  let heads: readonly PairHead[] | undefined
  return (request, origin) => {
    heads ??= [...pairs.heads()]
    // What is redacted in the recording is no difference.
    const asked = requestParts(secrets.asked(request) ?? request, rules)
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
        const pair = storedPair(pairs, id)
        if (pair === undefined) return []
        return [
          {
            pair: id,
            target: pair.request.target,
            parts: requestParts(secrets.recorded(pair.request), rules),
          },
        ]
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
