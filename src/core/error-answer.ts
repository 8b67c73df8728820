import type { ErrorCode } from './errors.ts'
import type { RawHeaders } from './headers.ts'

/** What reseal itself says to a client in the place of an answer. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: ErrorCode
  /** One sentence, without secrets. */
  readonly message: string
  readonly hint?: string | undefined
}

/** `{"error":{"code","message","hint"}}` in ASCII, so that it is the same bytes in every encoding. */
export function errorBody({ code, message, hint }: Omit<ErrorAnswer, 'status'>): Buffer {
  const json = JSON.stringify({ error: { code, message, ...(hint === undefined ? {} : { hint }) } })
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return Buffer.from(ascii, 'latin1')
}

/** The header fields of an {@link errorBody}. */
export function errorHeaders(body: Uint8Array): RawHeaders {
  return [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
  ]
}
