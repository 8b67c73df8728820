import type { HttpResponse, ResponseHead, ResponseMemo } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { BodyPlace, PairId, PairSource } from '../core/pair.ts'
import { answeredPair, recordedDelivery, type RecordedSpeed } from './recorded-answer.ts'

/** Reads the answers of pairs as they were recorded, and remembers where it found them: 12 bytes a pair. */
export interface RememberedAnswers {
  /** An answer that was read before, at the cost of its body's bytes; undefined where all has to be read. */
  again(id: PairId): HttpResponse | undefined
  /** Whether it can be read again so. */
  has(id: PairId): boolean
  /** Reads an answer; undefined where the pair has none. */
  read(id: PairId): HttpResponse | undefined
}

/** How many heads are told apart; answers with others are read whole each time. */
const MOST_HEADS = 4096
/** Pairs with higher numbers are read whole each time. */
const MOST_PAIRS = 4_194_304
/** More are not on one page of a file. */
const MOST_BYTES = 65_535
/** After so many whole answers those of other pairs are looked for ahead, since many are asked for. */
const MANY = 1024
/** So long at a time, and then requests have a turn for as long as it takes. */
const TURN_MS = 0.5
const REST_MS = 4

/** @param newest pair that there is */
export function rememberedAnswers(
  pairs: Pick<PairSource, 'answer' | 'bodyAt'>,
  speed: RecordedSpeed,
  newest: PairId,
): RememberedAnswers {
  const places = answerPlaces(newest)
  let read = 0
  const readWhole = (id: PairId): HttpResponse | undefined => {
    const found = pairs.answer(id)
    const pair = found && answeredPair(found)
    if (pair === undefined) return undefined
    const { response, bodyPlace } = pair
    const delivery = recordedDelivery(pair, speed)
    if (delivery !== undefined) return { ...response, delivery }
    if (bodyPlace !== undefined && response.trailers.length === 0) places.keep(id, response, bodyPlace)
    return response
  }
  const lookAhead = (from: PairId): void => {
    const untilMs = performance.now() + TURN_MS
    const { keptSoFar } = places
    let looked = 0
    let id = from
    try {
      for (; id <= newest && performance.now() < untilMs; id += 1) {
        if (places.has(id)) continue
        readWhole(id)
        looked += 1
      }
    } catch {
      // The snapshot was closed, since another plan serves now or none. Whatever else it is, a request meets it too.
      return
    }
    // Where nothing is found, as while a recorder has the file, nothing more is likely to be.
    const isInVain = looked > 0 && places.keptSoFar === keptSoFar
    if (id <= newest && !isInVain) setTimeout(lookAhead, REST_MS, id).unref()
  }
  return {
    again: (id) => {
      const head = places.head(id)
      if (head === undefined) return undefined
      const { status, reason, httpVersion, headers, headMemo } = head
      const body = places.body(id, pairs)
      return body && { status, reason, httpVersion, headers, body, trailers: NO_TRAILERS, headMemo }
    },
    has: places.has,
    read: (id) => {
      read += 1
      if (read === MANY) setTimeout(lookAhead, REST_MS, 1).unref()
      return readWhole(id)
    },
  }
}

const NO_TRAILERS: RawHeaders = []

/** What answers have in common. */
interface KnownHead extends ResponseHead {
  readonly number: number
  readonly headMemo: ResponseMemo
}

/**
 * Where bodies lie, and the heads that go before them, in numbers.
 * @param newest pair that there is: later ones need more room
 */
function answerPlaces(newest: PairId) {
  const heads = knownHeads()
  let state: object = {}
  let keptSoFar = 0
  let offsets = new Float64Array()
  let sizes = new Uint16Array()
  /** Numbers of heads; 0 is none. */
  let headNumbers = new Uint16Array()

  const forget = (now: object): void => {
    state = now
    headNumbers.fill(0)
  }
  const makeRoom = (id: PairId): void => {
    // All at once, since what is grown bit by bit leaves what it was behind.
    const room = Math.max(Math.min(newest, MOST_PAIRS) + 1, id + 1, offsets.length * 2)
    const before = { offsets, sizes, headNumbers }
    offsets = new Float64Array(room)
    sizes = new Uint16Array(room)
    headNumbers = new Uint16Array(room)
    offsets.set(before.offsets)
    sizes.set(before.sizes)
    headNumbers.set(before.headNumbers)
  }
  return {
    get keptSoFar() {
      return keptSoFar
    },
    has: (id: PairId): boolean => (headNumbers[id] ?? 0) !== 0,
    head: (id: PairId): KnownHead | undefined => heads.get(headNumbers[id] ?? 0),
    /** Forgets all places once one holds no more. */
    body: (id: PairId, pairs: Pick<PairSource, 'bodyAt'>): Uint8Array | undefined => {
      const body = pairs.bodyAt(offsets[id] ?? 0, sizes[id] ?? 0, state)
      if (body === undefined) forget({})
      return body
    },
    keep: (id: PairId, response: HttpResponse, place: BodyPlace): void => {
      if (id >= MOST_PAIRS || place.bytes > MOST_BYTES) return
      if (place.state !== state) forget(place.state)
      const number = heads.numberOf(response)
      if (number === 0) return
      if (id >= offsets.length) makeRoom(id)
      offsets[id] = place.at
      sizes[id] = place.bytes
      headNumbers[id] = number
      keptSoFar += 1
    },
  }
}

/** Heads by numbers from 1. */
function knownHeads() {
  const heads: (KnownHead | undefined)[] = [undefined]
  /** By the fields' identity: of a snapshot equal ones are one array. */
  const byFields = new Map<RawHeaders, readonly KnownHead[]>()
  return {
    get: (number: number): KnownHead | undefined => heads[number],
    /** The number of a response's head; 0 where there are too many. */
    numberOf: ({ status, reason, httpVersion, headers }: ResponseHead): number => {
      const alike = byFields.get(headers) ?? []
      const known = alike.find(
        (one) => one.status === status && one.reason === reason && one.httpVersion === httpVersion,
      )
      if (known !== undefined) return known.number
      if (heads.length > MOST_HEADS) return 0
      const head = { status, reason, httpVersion, headers, number: heads.length, headMemo: {} }
      heads.push(head)
      byFields.set(headers, [...alike, head])
      return head.number
    },
  }
}
