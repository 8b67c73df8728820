import { STATUS_CODES } from 'node:http'
import type { ContentStream, HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'

/** What the control API itself refuses, with the status of each (RFC 9110 §15.5; 431 and what cannot be parsed is the wire's). */
export const REFUSALS = {
  CONTENT_INVALID: 400,
  TOKEN_REQUIRED: 401,
  ORIGIN_REFUSED: 403,
  NOT_FOUND: 404,
  METHOD_REFUSED: 405,
  CONTENT_TOO_LARGE: 413,
  CONTENT_TYPE_REFUSED: 415,
  HOST_REFUSED: 421,
  TOO_MANY_STREAMS: 503,
} as const

export type RefusalCode = keyof typeof REFUSALS

/** What is told to a client that is refused: what happened, and what to do about it. */
export interface Refusal {
  readonly code: RefusalCode
  /** One sentence, without secrets. */
  readonly message: string
  readonly hint?: string | undefined
}

/** The result of an operation: a JSON value, text of another type, or text that goes on coming; or no content. */
export interface ControlAnswer {
  readonly status: number
  readonly value?: unknown
  readonly text?: { readonly type: string; readonly body: string }
  readonly stream?: { readonly type: string; readonly content: ContentStream }
}

/** Nothing here is to be stored, guessed at or embedded by other sites; and no CORS field ever allows one in. */
const HEADERS: RawHeaders = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
]

export function httpAnswer(answer: ControlAnswer, headers: RawHeaders = []): HttpResponse {
  const { status, stream } = answer
  const text = textOf(answer)
  const body = Buffer.from(text?.body ?? '')
  const type = text?.type ?? stream?.type
  const framing: RawHeaders =
    stream === undefined ? [['Content-Length', String(body.length)]] : [['Transfer-Encoding', 'chunked']]
  const content: RawHeaders = type === undefined ? [] : [['Content-Type', type], ...framing]
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    httpVersion: '1.1',
    headers: [...content, ...HEADERS, ...headers],
    body,
    trailers: [],
    ...(stream === undefined ? {} : { stream: stream.content }),
  }
}

function textOf({ value, text }: ControlAnswer): ControlAnswer['text'] {
  if (text !== undefined || value === undefined) return text
  return { type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/** `{"error":{"code","message","hint"}}`. */
export function refusalAnswer(refusal: Refusal, headers: RawHeaders = []): HttpResponse {
  return errorAnswer(REFUSALS[refusal.code], refusal, headers)
}

export function errorAnswer(
  status: number,
  {
    code,
    message,
    hint,
  }: { readonly code: string; readonly message: string; readonly hint?: string | undefined },
  headers: RawHeaders = [],
): HttpResponse {
  return httpAnswer({ status, value: { error: { code, message, hint } } }, headers)
}
