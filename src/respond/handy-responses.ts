import type { HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'

/** The few responses that are asked for most, of those that are read at little cost, ready to be sent. */
export interface HandyResponses {
  get(id: PairId): HttpResponse | undefined
  /** To be told of each response that was read. */
  wasRead(id: PairId, response: HttpResponse): void
}

/** What a response may take that is read so: 4 KiB of content, the same as text, its head. */
const MOST_BYTES = 10 * 1024
/** Where all places are taken, one in so many that are read takes the place of another. */
const ONE_IN = 64

/**
 * A place for each number's lowest bits: to look there costs less than a table, and who is not there is read again.
 * @param bytes of memory for all of them together
 */
export function handyResponses(bytes: number): HandyResponses {
  const places = bytes < MOST_BYTES ? 0 : 2 ** Math.floor(Math.log2(bytes / MOST_BYTES))
  const mask = places - 1
  const ids = new Float64Array(places)
  const responses: (HttpResponse | undefined)[] = Array.from({ length: places })
  let turnedAway = 0
  return {
    get: (id) => (places > 0 && ids[id & mask] === id ? responses[id & mask] : undefined),
    wasRead: (id, response) => {
      if (places === 0) return
      const place = id & mask
      if (responses[place] !== undefined && (turnedAway += 1) % ONE_IN !== 0) return
      ids[place] = id
      responses[place] = responseToKeep(response)
    },
  }
}

/** A response to be given again; of small content, that is cut from a buffer others have a part of, a copy. */
export function responseToKeep(response: HttpResponse): HttpResponse {
  const { body } = response
  const own = body.length < body.buffer.byteLength ? Uint8Array.from(body) : body
  return { ...response, body: own, memo: {} }
}
