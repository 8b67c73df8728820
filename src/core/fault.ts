import { STATUS_CODES } from 'node:http'
import type { Delivery } from './delivery.ts'
import type { HttpResponse } from './exchange.ts'
import { withoutHeaders, type RawHeaders } from './headers.ts'

/** What goes wrong with an answer on purpose, and what each kind is told, by the word that a user writes. */
export interface AnswerFaultOptions {
  /** Answers so, and nobody is asked. */
  readonly status: {
    readonly status: number
    readonly retryAfterSeconds?: number | undefined
    /** Fields beside those there are anyway; a `Content-Type` takes the place of the usual one. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    /** Default a sentence in JSON. */
    readonly body?: string | undefined
  }
  /** Answers with a redirect, and nobody is asked. Default 302. */
  readonly redirect: { readonly location: string; readonly status?: number | undefined }
  readonly delay: { readonly delayMs: DelayMs }
  /** Default 0: in the place of the head. The answer was made all the same. */
  readonly reset: { readonly afterBytes?: number | undefined }
  readonly stall: { readonly afterBytes?: number | undefined }
  readonly rate: { readonly bytesPerSecond: number }
  /** Ends early with a length that fits; default half way. */
  readonly truncate: { readonly bytes?: number | undefined }
  /** Content that is no JSON under a Content-Type that says so. */
  readonly malformed: unknown
  readonly contentType: { readonly contentType: string }
}

export type AnswerFaultKind = keyof AnswerFaultOptions

/** Fixed, evenly between two, or around a mean (normal distribution, never below 0). */
export type DelayMs =
  | number
  | { readonly min: number; readonly max: number }
  | { readonly mean: number; readonly deviation: number }

/** A fault of any answer, with what it is told. */
export type AnswerFault<K extends AnswerFaultKind = AnswerFaultKind> = {
  [P in K]: { readonly kind: P } & AnswerFaultOptions[P]
}[K]

/** Even numbers from 0 to below 1. */
export type Dice = () => number

/** Either an answer of its own, or the usual one changed. */
export type FaultRow<W, S> =
  | { readonly instead: (what: W) => HttpResponse; readonly change?: never }
  | {
      readonly change: (response: HttpResponse, what: W, situation: S) => HttpResponse
      readonly instead?: never
    }

/** What a fault may look at beside the answer. */
export interface FaultSituation {
  readonly dice: Dice
}

/** The longest delay. */
const HOUR_MS = 3_600_000

export const ANSWER_FAULTS: {
  readonly [K in AnswerFaultKind]: FaultRow<AnswerFault<K>, FaultSituation>
} = {
  status: { instead: ({ kind: _kind, ...what }) => statusAnswer(what) },
  redirect: {
    instead: ({ location, status = 302 }) => statusAnswer({ status, headers: { Location: location } }),
  },
  delay: {
    change: (response, { delayMs }, { dice }) => delivered(response, { delayMs: drawn(delayMs, dice) }),
  },
  reset: { change: (response, { afterBytes = 0 }) => delivered(response, { resetAfterBytes: afterBytes }) },
  stall: { change: (response, { afterBytes = 0 }) => delivered(response, { stallAfterBytes: afterBytes }) },
  rate: { change: (response, { bytesPerSecond }) => delivered(response, { bytesPerSecond }) },
  truncate: {
    change: (response, { bytes = Math.floor(response.body.length / 2) }) =>
      withBody(response, response.body.subarray(0, bytes)),
  },
  malformed: { change: (response) => withBody(response, Buffer.from('{"keys": [{"kty": oops')) },
  contentType: {
    change: (response, { contentType }) => ({
      ...response,
      headers: [
        ...withoutHeaders(response.headers, new Set(['content-type'])),
        ['Content-Type', contentType] as const,
      ],
    }),
  },
}

/** The answer of a fault that does not ask for another; undefined for a fault that changes one. */
export function answerInstead<K extends AnswerFaultKind>(what: AnswerFault<K>): HttpResponse | undefined {
  const row: FaultRow<AnswerFault<K>, FaultSituation> = ANSWER_FAULTS[what.kind]
  return row.instead?.(what)
}

/** The answer with a fault in it. */
export function answerChanged<K extends AnswerFaultKind>(
  response: HttpResponse,
  what: AnswerFault<K>,
  situation: FaultSituation,
): HttpResponse {
  const row: FaultRow<AnswerFault<K>, FaultSituation> = ANSWER_FAULTS[what.kind]
  return row.change?.(response, what, situation) ?? response
}

/** The same answer with other content, and a length that fits. */
export function withBody(response: HttpResponse, body: Uint8Array): HttpResponse {
  const { chunks: _chunks, ...whole } = response
  return { ...whole, headers: withoutHeaders(response.headers, new Set(['content-length'])), body }
}

function statusAnswer({
  status,
  retryAfterSeconds,
  headers = {},
  body = JSON.stringify({
    error: 'server_error',
    error_description: 'A fault is set here for a test.',
  }),
}: AnswerFaultOptions['status']): HttpResponse {
  const given = Object.entries(headers)
  const isGiven = (name: string): boolean => given.some(([other]) => other.toLowerCase() === name)
  const usual: RawHeaders = [
    ...(isGiven('content-type') ? [] : [['Content-Type', 'application/json'] as const]),
    ...(isGiven('cache-control') ? [] : [['Cache-Control', 'no-store'] as const]),
    ...(retryAfterSeconds === undefined ? [] : [['Retry-After', String(retryAfterSeconds)] as const]),
  ]
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    httpVersion: '1.1',
    headers: [...usual, ...given],
    body: Buffer.from(body),
    trailers: [],
  }
}

function delivered(response: HttpResponse, delivery: Delivery): HttpResponse {
  return { ...response, delivery: { ...response.delivery, ...delivery } }
}

function drawn(delay: DelayMs, dice: Dice): number {
  if (typeof delay === 'number') return delay
  if ('min' in delay) return delay.min + (delay.max - delay.min) * dice()
  // Box-Muller: two even numbers make one that is normally distributed.
  const normal = Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice())
  return Math.min(HOUR_MS, Math.max(0, delay.mean + delay.deviation * normal))
}
