import { STATUS_CODES } from 'node:http'
import { isEventStream } from '../core/content-piece.ts'
import type { Delivery } from '../core/delivery.ts'
import { errorBody, errorHeaders, type ErrorAnswer } from '../core/error-answer.ts'
import type { HttpResponse, Outcome, RequestHead, ResponseHead } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import { isServable, type AnsweringPair, type AskedPair, type PairFacts } from '../core/pair.ts'
import { recordedCut, recordedFailure } from '../core/upstream-failure.ts'

/** A pair with what its client got: its response as far as it came, or what stood in the place of one. */
export type Answered<T> = T & { readonly response: HttpResponse }

/** The pair with what its client got; undefined when that was nothing, or more than was stored. */
export function answeredPair<T extends AnsweringPair>(pair: T): Answered<T> | undefined {
  if (!isServable(pair)) return undefined
  const response = pair.outcome === 'upstream error' ? failureResponse(pair) : pair.response
  return response === undefined ? undefined : { ...pair, response }
}

function failureResponse({ error = '' }: Pick<PairFacts, 'error'>): HttpResponse {
  return errorResponse(recordedFailure(error))
}

function errorResponse(answer: ErrorAnswer): HttpResponse {
  const body = errorBody(answer)
  const reason = STATUS_CODES[answer.status] ?? ''
  return {
    status: answer.status,
    reason,
    httpVersion: '1.1',
    headers: errorHeaders(body),
    body,
    trailers: [],
  }
}

/** What of a pair says how its answer travelled. */
type TravelledPair = Pick<PairFacts, 'outcome' | 'error' | 'firstByteMs' | 'tookMs'> & {
  readonly request: Pick<RequestHead, 'method'>
  readonly response: ResponseHead | undefined
}

/** How the answer ends that was recorded with this outcome; undefined as any answer does. */
const CUTS: Readonly<Record<Outcome, (pair: TravelledPair) => Delivery['cut']>> = {
  complete: () => undefined,
  'upstream error': () => undefined,
  'upstream aborted': ({ error }) => recordedCut(error),
  // Clients of event streams always leave in the middle, as many of WebSockets do: it is for them to end it.
  'client aborted': ({ response }) =>
    response?.status === 101 || isEventStream(response?.headers ?? []) ? 'hold' : 'reset',
}

/** How much of the recorded time passes again, so many times as fast; what is undefined does not. */
export interface RecordedSpeed {
  /** As in {@link Delivery}. */
  readonly pace: number | undefined
  /** Of the time to the first byte. */
  readonly latency: number | undefined
}

/** The longest wait before a head. */
const HOUR_MS = 3_600_000

/**
 * How the answer is to travel; undefined when it is simply written.
 */
export function recordedDelivery(
  pair: TravelledPair,
  { pace, latency }: RecordedSpeed,
): Delivery | undefined {
  const cut = CUTS[pair.outcome](pair)
  const untilClose = endsWithConnection(pair)
  if (cut === undefined && !untilClose && pace === undefined && latency === undefined) return undefined
  const firstByteMs = pair.firstByteMs ?? pair.tookMs
  return {
    ...(cut === undefined ? {} : { cut }),
    ...(untilClose ? { untilClose } : {}),
    ...(pace === undefined ? {} : { pace, headAtMs: firstByteMs, endAtMs: pair.tookMs }),
    // A pace waits for the head as well; beside it a latency would be waited for twice.
    ...(latency === undefined || pace !== undefined
      ? {}
      : { delayMs: Math.min(firstByteMs / latency, HOUR_MS) }),
  }
}

/** Neither a length nor a transfer coding said where the content ends (RFC 9112 §6.3). */
function endsWithConnection({ request, response }: TravelledPair): boolean {
  if (response === undefined) return false
  const { status, httpVersion, headers } = response
  return (
    httpVersion.startsWith('1.') &&
    request.method !== 'HEAD' &&
    status >= 200 &&
    status !== 204 &&
    status !== 304 &&
    headerValue(headers, 'content-length') === undefined &&
    headerValue(headers, 'transfer-encoding') === undefined
  )
}

/** The answer to a request that waited for a 100 before it sent its content, and got this instead (RFC 9110 §10.1.1). */
export function isRefusal({ request }: AskedPair): boolean {
  return (
    headerValue(request.headers, 'expect')?.toLowerCase() === '100-continue' &&
    request.body.length === 0 &&
    (Number(headerValue(request.headers, 'content-length')) > 0 ||
      headerValue(request.headers, 'transfer-encoding') !== undefined)
  )
}
