import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from '../core/exchange.ts'
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
} as const

export type RefusalCode = keyof typeof REFUSALS

/** What is told to a client that is refused: what happened, and what to do about it. */
export interface Refusal {
  readonly code: RefusalCode
  /** One sentence, without secrets. */
  readonly message: string
  readonly hint?: string | undefined
}

/** The result of an operation; no value is no content (204 where the status says so). */
export interface ControlAnswer {
  readonly status: number
  readonly value?: unknown
}

/** Nothing here is to be stored, guessed at or embedded by other sites; and no CORS field ever allows one in. */
const HEADERS: RawHeaders = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
]

export function jsonAnswer({ status, value }: ControlAnswer, headers: RawHeaders = []): HttpResponse {
  const body = value === undefined ? new Uint8Array() : Buffer.from(`${JSON.stringify(value)}\n`)
  const content: RawHeaders =
    value === undefined
      ? []
      : [
          ['Content-Type', 'application/json'],
          ['Content-Length', String(body.length)],
        ]
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    httpVersion: '1.1',
    headers: [...content, ...HEADERS, ...headers],
    body,
    trailers: [],
  }
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
  return jsonAnswer({ status, value: { error: { code, message, hint } } }, headers)
}
