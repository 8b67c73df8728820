import type { ExchangeTap, HttpResponse, Outcome, RequestHead, ResponseHead } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { PairId, PairSink, Route, RRPair } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import { createBodyBuffer, type BodyBuffer } from './body-buffer.ts'
import { createPassageLog, type Passage } from './passage-log.ts'

/** Where the recorder reads the time from. */
export interface RecorderClock {
  /** The wall clock: when an exchange began. */
  now(): EpochMs
  /** A clock that never jumps, in milliseconds: how long it took. */
  monotonicMs(): number
}

export interface RecorderOptions {
  readonly sink: PairSink
  readonly clock: RecorderClock
  /** Of each body, at most so many bytes are kept; default 64 MiB. What is past it is counted only. */
  readonly maxBodyBytes?: number
  /** The id of the first pair; default 1. */
  readonly firstId?: PairId
  /** Holds back the last byte of every response until its pair is committed; default false. */
  readonly waitForCommit?: boolean
  /** Told of every pair once the sink has it. */
  readonly onPair?: (pair: RRPair) => void
  /** Told of what the sink threw; the pair is lost and counted in `notStored`. */
  readonly onError?: (error: unknown, pair: RRPair) => void
}

/** What a recording came to so far. */
export interface RecordingSummary {
  /** Pairs that the sink has committed. */
  readonly pairs: number
  /** Pairs that the sink refused. */
  readonly notStored: number
  /** Exchanges begun and neither committed nor refused. */
  readonly pending: number
  /** Content bytes that passed in finished exchanges, requests and responses. */
  readonly bytes: number
  /** Finished exchanges of which a body was cut off at the limit. */
  readonly truncated: number
  /** Finished exchanges that ended in another way than a whole response. */
  readonly failed: number
}

/** Turns exchanges into pairs. */
export interface Recorder {
  /** Begins an exchange; ids are given in the order of these calls. */
  begin(head: RequestHead, route: Route): ExchangeTap
  /** Resolves when every exchange begun has ended and its pair is committed or refused. */
  settled(): Promise<void>
  summary(): RecordingSummary
}

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** A recorder; it never throws into the proxy, whatever the sink does. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { sink, clock, maxBodyBytes = MAX_BODY_BYTES, firstId = 1, waitForCommit = false } = options
  const { onPair = () => {}, onError = () => {} } = options
  const counts = { pairs: 0, notStored: 0, pending: 0, bytes: 0, truncated: 0, failed: 0 }
  let nextId = firstId
  let waiting: (() => void)[] = []

  const settle = (): void => {
    counts.pending -= 1
    if (counts.pending > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }
  const store = async (pair: RRPair): Promise<void> => {
    counts.bytes += pair.requestBytes + pair.responseBytes
    if (pair.requestTruncated || pair.responseTruncated) counts.truncated += 1
    if (pair.outcome !== 'complete') counts.failed += 1
    try {
      await sink.put(pair)
      counts.pairs += 1
    } catch (error) {
      // The exchange itself went well; what became of its record is for whoever runs the recording.
      counts.notStored += 1
      settle()
      onError(error, pair)
      return
    }
    settle()
    onPair(pair)
  }

  return {
    begin(head, route) {
      const id = nextId
      nextId += 1
      counts.pending += 1
      const tap = tapExchange({ id, head, route, clock, maxBodyBytes }, store)
      return waitForCommit ? tap : { ...tap, responseEnd: (trailers) => void tap.responseEnd(trailers) }
    },
    settled: () =>
      new Promise((resolve) => {
        if (counts.pending === 0) resolve()
        else waiting.push(resolve)
      }),
    summary: () => ({ ...counts }),
  }
}

interface Begun {
  readonly id: PairId
  readonly head: RequestHead
  readonly route: Route
  readonly clock: RecorderClock
  readonly maxBodyBytes: number
}

/** Gathers one exchange; `store` gets its pair once, when request and response have both ended or it has failed. */
function tapExchange(begun: Begun, store: (pair: RRPair) => Promise<void>): ExchangeTap {
  const { id, head, route, clock, maxBodyBytes } = begun
  const at = clock.now()
  const startMs = clock.monotonicMs()
  const sinceStart = (): number => clock.monotonicMs() - startMs
  const sent = { body: createBodyBuffer(maxBodyBytes), ended: false, trailers: [] as RawHeaders }
  const answer = { body: createBodyBuffer(maxBodyBytes), ended: false, trailers: [] as RawHeaders }
  const passed = createPassageLog(maxBodyBytes)
  let responseHead: ResponseHead | undefined
  let firstByteMs: number | undefined
  let tookMs = 0

  const finish = (outcome: Outcome, error?: string): Promise<void> => {
    const missing = passed.missing()
    const facts = { id, at, firstByteMs, tookMs, route, outcome, error: error ?? missing }
    const bodies = bodyFacts(sent.body, answer.body)
    // A script with a piece missing is no answer.
    const pair = { ...facts, ...bodies, responseTruncated: bodies.responseTruncated || missing !== undefined }
    const request = { ...head, body: sent.body.bytes(), trailers: sent.trailers }
    return store({
      ...pair,
      request,
      response: wholeResponse(responseHead, answer, passed.noted(firstByteMs)),
    })
  }

  return {
    requestData: (chunk) => sent.body.add(chunk),
    requestEnd(trailers) {
      sent.trailers = trailers
      sent.ended = true
      // The answer was early; the pair waited for the rest of its question.
      if (answer.ended) void finish('complete')
    },
    interim: ({ status, reason, headers }) => passed.interim({ status, reason, headers, atMs: sinceStart() }),
    responseHead(received) {
      firstByteMs = sinceStart()
      responseHead = received
    },
    responseData(chunk) {
      answer.body.add(chunk)
      passed.chunk(answer.body.passedBytes(), sinceStart())
    },
    frame: (frame) => passed.frame(frame, sinceStart()),
    framesLost: (why) => passed.framesLost(why),
    responseEnd(trailers) {
      tookMs = sinceStart()
      answer.trailers = trailers
      answer.ended = true
      // A client may wait for an early answer before it sends the rest, so that answer waits for nothing.
      return sent.ended ? finish('complete') : undefined
    },
    failed(outcome, error) {
      tookMs = sinceStart()
      void finish(outcome, error)
    },
  }
}

function bodyFacts(request: BodyBuffer, response: BodyBuffer) {
  return {
    requestBytes: request.passedBytes(),
    responseBytes: response.passedBytes(),
    requestTruncated: request.truncated(),
    responseTruncated: response.truncated(),
  }
}

function wholeResponse(
  head: ResponseHead | undefined,
  { body, trailers }: { body: BodyBuffer; trailers: RawHeaders },
  passage: Passage,
): HttpResponse | undefined {
  return head === undefined ? undefined : { ...head, body: body.bytes(), trailers, ...passage }
}
