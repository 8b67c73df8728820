import { LRUCache } from 'lru-cache'
import type { HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import { responseToKeep } from './handy-responses.ts'

/** Responses in memory that take long to read, ready to be sent. */
export interface KeptResponses {
  get(id: PairId): HttpResponse | undefined
  /** To be told of each response that was read. */
  wasRead(id: PairId, response: HttpResponse): void
}

/** How many of the pairs that were read last are remembered, roughly. */
const LATELY = 65_536
/** Of those that are read again when memory is full, one in so many takes the place of others. */
const ONE_IN = 16
/** The share of memory from which it is full. */
const ALMOST = 0.95

/** @param bytes of memory for all of them together */
export function keptResponses(bytes: number): KeptResponses {
  const maxSize = Math.max(1, Math.floor(bytes))
  const kept = new LRUCache<PairId, HttpResponse>({ maxSize, sizeCalculation: bytesInMemory })
  const lately = new Float64Array(LATELY)
  let readAgain = 0
  /**
   * One that is asked for once is not worth the place of another. Where more are asked for again than have room, they
   * would drive each other out before they are asked for a third time; one that is often asked for gets its place soon.
   */
  const isWorthKeeping = (id: PairId): boolean => {
    if (lately[id % LATELY] !== id) return false
    readAgain += 1
    return kept.calculatedSize < maxSize * ALMOST || readAgain % ONE_IN === 0
  }
  return {
    get: (id) => kept.get(id),
    wasRead: (id, response) => {
      if (isWorthKeeping(id)) kept.set(id, responseToKeep(response))
      lately[id % LATELY] = id
    },
  }
}

/** What a response takes that is ready to be sent: small content is kept as text besides. */
function bytesInMemory({ body, headers }: HttpResponse): number {
  return 1024 + body.length + Math.min(body.length, 4096) + headers.length * 128
}
