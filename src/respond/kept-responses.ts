import { LRUCache } from 'lru-cache'
import type { HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'

/** Responses in memory, ready to be sent. */
export interface KeptResponses {
  get(id: PairId): HttpResponse | undefined
  /** To be told of each response that had to be read. @param quick whether it is read again at little cost */
  wasRead(id: PairId, response: HttpResponse, quick: boolean): void
}

/** How many of the pairs that were read last are remembered, roughly. */
const LATELY = 65_536
/** Of those that are read again when memory is full, one in so many takes the place of others. */
const ONE_IN = 16
/** The share of memory from which it is full. */
const ALMOST = 0.95
/** What is read again at little cost has so much of the memory: more objects than this are slower than to read them. */
const QUICK_SHARE = 1 / 8

/** @param bytes of memory for all of them together */
export function keptResponses(bytes: number): KeptResponses {
  const quickly = boundedResponses(bytes * QUICK_SHARE)
  const slowly = boundedResponses(bytes * (1 - QUICK_SHARE))
  const lately = new Float64Array(LATELY)
  let readAgain = 0
  /**
   * One that is asked for once is not worth the place of another. Where more are asked for again than have room, they
   * would drive each other out before they are asked for a third time; one that is often asked for gets its place soon.
   */
  const isWorthKeeping = (
    id: PairId,
    { calculatedSize, maxSize }: LRUCache<PairId, HttpResponse>,
  ): boolean => {
    if (lately[id % LATELY] !== id) return false
    readAgain += 1
    return calculatedSize < maxSize * ALMOST || readAgain % ONE_IN === 0
  }
  return {
    get: (id) => quickly.get(id) ?? slowly.get(id),
    wasRead: (id, response, quick) => {
      const kept = quick ? quickly : slowly
      if (isWorthKeeping(id, kept)) kept.set(id, keptOf(response))
      lately[id % LATELY] = id
    },
  }
}

function boundedResponses(bytes: number): LRUCache<PairId, HttpResponse> {
  return new LRUCache({ maxSize: Math.max(1, Math.floor(bytes)), sizeCalculation: bytesInMemory })
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
