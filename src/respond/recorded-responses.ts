import type { Delivery } from '../core/delivery.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { PairId, PairSource } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import type { Sessions } from './sessions.ts'
import { recordedDelivery } from './recorded-answer.ts'
import { handyResponses } from './handy-responses.ts'
import { keptResponses } from './kept-responses.ts'
import { rememberedAnswers } from './remembered-answers.ts'

/** What is served for a pair. */
export interface RecordedResponses {
  of(pair: PairId, request: HttpRequest): HttpResponse | Promise<HttpResponse> | undefined
}

export interface ResponsesInput {
  readonly pairs: PairSource
  readonly transforms: Pick<CompiledTransforms, 'responses'>
  readonly clock: Clock
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
  /** Recorded waits are kept, so many times as fast; undefined for none. */
  readonly pace?: number | undefined
  /** The recorded time to the first byte is kept, so many times as fast; undefined for none. */
  readonly latency?: number | undefined
}

/** As much of the input as is looked at here. */
type ResponsesOf = Omit<ResponsesInput, 'pairs' | 'transforms'> & {
  readonly pairs: Pick<PairSource, 'answer' | 'bodyAt'>
  readonly transforms: Pick<CompiledTransforms, 'responses'>
}

/** What is read again at little cost has so much of the memory: more objects than this are slower than to read them. */
const HANDY_SHARE = 1 / 8

/**
 * Responses that a step changed are ready; the others are read when they are asked for.
 * @param sessions what steps learnt of one client is for its answers alone
 * @param newest pair that there is
 */
export function createResponses(
  input: ResponsesOf,
  sessions: Pick<Sessions, 'of'>,
  newest: PairId,
): RecordedResponses {
  const { pairs, transforms, clock, cacheBytes, pace, latency } = input
  /** How the responses travel that a step changed. */
  const deliveries = new Map<PairId, Delivery | undefined>()
  const deliveryOf = (id: PairId): Delivery | undefined => {
    if (!deliveries.has(id)) {
      const pair = pairs.answer(id)
      deliveries.set(id, pair && recordedDelivery(pair, { pace, latency }))
    }
    return deliveries.get(id)
  }
  const handy = handyResponses(cacheBytes * HANDY_SHARE)
  const kept = keptResponses(cacheBytes * (1 - HANDY_SHARE))
  const remembered = rememberedAnswers(pairs, { pace, latency }, newest)
  return {
    of(id, request) {
      const transformed = transforms.responses.get(id)
      if (transformed !== undefined)
        return delivered(transformed.served(clock(), request, sessions.of(request)), deliveryOf(id))
      const ready = handy.get(id)
      if (ready !== undefined) return ready
      const again = remembered.again(id)
      if (again !== undefined) {
        handy.wasRead(id, again)
        return again
      }
      const known = kept.get(id)
      if (known !== undefined) return known
      const response = remembered.read(id)
      if (response !== undefined && !remembered.has(id)) kept.wasRead(id, response)
      return response
    },
  }
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
