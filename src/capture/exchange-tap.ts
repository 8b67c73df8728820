import type {
  ExchangeTap,
  HttpRequest,
  HttpResponse,
  Outcome,
  RequestHead,
  ResponseHead,
} from '../core/exchange.ts'
import { headerValue, type RawHeaders } from '../core/headers.ts'
import type { AskedPair, PairId, Route, RRPair } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import { createBodyBuffer, type BodyBuffer } from './body-buffer.ts'
import type { ExchangeMemory } from './memory-budget.ts'
import { createPassageLog } from './passage-log.ts'

/** Where the recorder reads the time from. */
export interface RecorderClock {
  /** The wall clock: when an exchange began. */
  now(): EpochMs
  /** A clock that never jumps, in milliseconds: how long it took. */
  monotonicMs(): number
}

/** An exchange that has begun. */
export interface BegunExchange {
  readonly id: PairId
  readonly head: RequestHead
  readonly route: Route
  readonly clock: RecorderClock
  readonly maxBodyBytes: number
  readonly memory: ExchangeMemory
}

/** What becomes of an exchange: `whole`, `early` and then `amended`, or `dropped`. */
export interface ExchangeKeeper {
  /** It has ended; settles when its pair is committed or lost. */
  whole(pair: RRPair): Promise<void>
  /** Its response is whole while its request still comes: the pair is there, without the request's content. */
  early(pair: RRPair): Promise<void>
  /** The request of an early answer has ended as well. */
  amended(pair: AskedPair): Promise<void>
  /** It has ended, and there was no memory to keep it in. */
  dropped(pair: AskedPair): void
}

/** Gathers one exchange for a keeper. */
export function tapExchange(begun: BegunExchange, keeper: ExchangeKeeper): ExchangeTap {
  const { id, head, route, clock, maxBodyBytes, memory } = begun
  const at = clock.now()
  const startMs = clock.monotonicMs()
  /** In whole microseconds: the clock's further digits are noise, and a snapshot keeps no more of a piece. */
  const sinceStart = (): number => Math.round((clock.monotonicMs() - startMs) * 1000) / 1000
  const sent = { body: createBodyBuffer(maxBodyBytes, memory), ended: false, trailers: NONE }
  const answer = { body: createBodyBuffer(maxBodyBytes, memory), ended: false, trailers: NONE }
  sent.body.expect(lengthIn(head.headers))
  const passed = createPassageLog(maxBodyBytes, memory)
  let response: ResponseHead | undefined
  let firstByteMs: number | undefined
  let tookMs = 0
  let early = false

  const asked = (outcome: Outcome, error?: string): AskedPair => {
    const missing = passed.missing()
    const facts = { id, at, firstByteMs, tookMs, route, outcome, error: error ?? missing }
    const bodies = bodyFacts(sent.body, answer.body)
    // A script with a piece missing is no answer.
    const responseTruncated = bodies.responseTruncated || missing !== undefined
    const request = { ...head, body: sent.body.bytes(), trailers: sent.trailers }
    return { ...facts, ...bodies, responseTruncated, request, response }
  }
  const answered = (): HttpResponse | undefined =>
    response && {
      ...response,
      body: answer.body.bytes(),
      trailers: answer.trailers,
      ...passed.noted(firstByteMs),
    }
  const end = (outcome: Outcome, error?: string): Promise<void> | undefined => {
    const pair = asked(outcome, error)
    if (memory.refused()) {
      keeper.dropped(pair)
      return undefined
    }
    if (sent.ended || outcome !== 'complete') return keeper.whole({ ...pair, response: answered() })
    early = true
    return keeper.early({ ...pair, requestTruncated: true, request: unheard(head), response: answered() })
  }
  const freeDropped = (): void => {
    if (!memory.refused()) return
    for (const { body } of [sent, answer]) body.letGo()
  }

  return {
    requestData(chunk) {
      sent.body.add(chunk)
      freeDropped()
    },
    requestEnd(trailers) {
      sent.trailers = trailers
      sent.ended = true
      if (early) void keeper.amended(asked('complete'))
    },
    interim: ({ status, reason, headers }) => passed.interim({ status, reason, headers, atMs: sinceStart() }),
    responseHead(received) {
      firstByteMs = sinceStart()
      response = received
      answer.body.expect(lengthIn(received.headers))
    },
    responseData(chunk) {
      answer.body.add(chunk)
      passed.chunk(answer.body.passedBytes(), sinceStart())
      freeDropped()
    },
    frame(frame) {
      passed.frame(frame, sinceStart())
      freeDropped()
    },
    framesLost: (why) => passed.framesLost(why),
    responseEnd(trailers) {
      tookMs = sinceStart()
      answer.trailers = trailers
      answer.ended = true
      return end('complete')
    },
    failed(outcome, error) {
      tookMs = sinceStart()
      return end(outcome, error)
    },
  }
}

const NONE: RawHeaders = []
const NOTHING = new Uint8Array()

/** What `Content-Length` announces; 0 where nothing does. */
function lengthIn(headers: RawHeaders): number {
  return Number(headerValue(headers, 'content-length') ?? 0)
}

/** A request of which nothing is known yet but its head. */
function unheard(head: RequestHead): HttpRequest {
  return { ...head, body: NOTHING, trailers: NONE }
}

function bodyFacts(request: BodyBuffer, response: BodyBuffer) {
  return {
    requestBytes: request.passedBytes(),
    responseBytes: response.passedBytes(),
    requestTruncated: request.truncated(),
    responseTruncated: response.truncated(),
  }
}
