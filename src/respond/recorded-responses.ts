import { LRUCache } from 'lru-cache'
import type { Delivery } from '../core/delivery.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { PairId, PairSource } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import type { Sessions } from './sessions.ts'
import { answeredPair, recordedDelivery, type RecordedSpeed } from './recorded-answer.ts'

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
  readonly pairs: Pick<PairSource, 'answer'>
  readonly transforms: Pick<CompiledTransforms, 'responses'>
}

/** How many of the pairs that were read last are remembered, roughly. */
const LATELY = 65_536
/** Of those that are read again when memory is full, one in so many takes the place of others. */
const ONE_IN = 16
/** The share of memory from which it is full. */
const ALMOST = 0.95

/**
 * Responses that a step changed are ready; the others are read when they are first asked for.
 * @param sessions what steps learnt of one client is for its answers alone
 */
export function createResponses(input: ResponsesOf, sessions: Pick<Sessions, 'of'>): RecordedResponses {
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
  const maxSize = Math.max(1, cacheBytes)
  const recorded = new LRUCache<PairId, HttpResponse>({ maxSize, sizeCalculation: bytesInMemory })
  const lately = new Float64Array(LATELY)
  let readAgain = 0
  /**
   * One that is asked for once is not worth the place of another. Where more are asked for again than have room, they
   * would drive each other out before they are asked for a third time; one that is often asked for gets its place soon.
   */
  const isWorthKeeping = (id: PairId): boolean => {
    if (lately[id % LATELY] !== id) return false
    readAgain += 1
    return recorded.calculatedSize < maxSize * ALMOST || readAgain % ONE_IN === 0
  }
  return {
    of(id, request) {
      const transformed = transforms.responses.get(id)
      if (transformed !== undefined)
        return delivered(transformed.served(clock(), request, sessions.of(request)), deliveryOf(id))
      const known = recorded.get(id)
      if (known !== undefined) return known
      const response = answerOf(pairs, id, { pace, latency })
      if (response !== undefined && isWorthKeeping(id)) recorded.set(id, keptOf(response))
      lately[id % LATELY] = id
      return response
    },
  }
}

/** A response to be given again; of small content, that is cut from a buffer others have a part of, a copy. */
function keptOf(response: HttpResponse): HttpResponse {
  const { body } = response
  const own = body.length < body.buffer.byteLength ? Uint8Array.from(body) : body
  return { ...response, body: own, memo: {} }
}

/** What a response takes that is ready to be sent: small content is kept as text besides. */
function bytesInMemory({ body, headers }: HttpResponse): number {
  return 1024 + body.length + Math.min(body.length, 4096) + headers.length * 128
}

/** A pair's answer as it was recorded, with the way it travels. */
function answerOf(
  pairs: Pick<PairSource, 'answer'>,
  id: PairId,
  speed: RecordedSpeed,
): HttpResponse | undefined {
  const found = pairs.answer(id)
  const pair = found && answeredPair(found)
  const delivery = pair && recordedDelivery(pair, speed)
  return delivery === undefined ? pair?.response : pair && { ...pair.response, delivery }
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
