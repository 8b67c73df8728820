import { LRUCache } from 'lru-cache'
import type { Delivery } from '../core/delivery.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { AskedPair, PairId, PairSource } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { answeredPair, recordedDelivery, type AnsweredPair } from './recorded-answer.ts'

/** What is served for a pair. */
export interface RecordedResponses {
  /** To be told of every pair that can be served, before it is. */
  note(pair: AskedPair): void
  of(pair: PairId, request: HttpRequest): HttpResponse | Promise<HttpResponse> | undefined
}

export interface ResponsesInput {
  readonly pairs: PairSource
  readonly transforms: CompiledTransforms
  readonly clock: Clock
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
  /** Recorded waits are kept, so many times as fast; undefined for none. */
  readonly pace?: number | undefined
}

/** Responses that a step changed are ready; the others are read when they are first asked for. */
export function createResponses(input: ResponsesInput): RecordedResponses {
  const { pairs, transforms, clock, cacheBytes, pace } = input
  const deliveries = new Map<PairId, Delivery>()
  const recorded = new LRUCache<PairId, AnsweredPair>({
    maxSize: Math.max(1, cacheBytes),
    sizeCalculation: ({ response, request }) => response.body.length + request.body.length + 2048,
  })
  return {
    note(pair) {
      // Of all others it is known when they are read.
      const delivery = transforms.responses.has(pair.id) ? recordedDelivery(pair, pace) : undefined
      if (delivery !== undefined) deliveries.set(pair.id, delivery)
    },
    of(id, request) {
      const transformed = transforms.responses.get(id)
      if (transformed !== undefined)
        return delivered(transformed.served(clock(), request), deliveries.get(id))
      const known = recorded.get(id)
      if (known !== undefined) return known.response
      const pair = answerOf(pairs, id, pace)
      if (pair !== undefined) recorded.set(id, pair)
      return pair?.response
    },
  }
}

/** A pair as it answers, with the way its answer travels. */
function answerOf(pairs: PairSource, id: PairId, pace: number | undefined): AnsweredPair | undefined {
  const stored = pairs.pair(id)
  const pair = stored && answeredPair(stored)
  const delivery = pair && recordedDelivery(pair, pace)
  return delivery === undefined ? pair : pair && { ...pair, response: { ...pair.response, delivery } }
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
