import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { ErrorCode } from '../core/errors.ts'

/** What reseal itself says to a client in the place of an answer. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: ErrorCode
  /** One sentence, without secrets. */
  readonly message: string
  readonly hint?: string | undefined
}

/** `{"error":{"code","message","hint"}}` in ASCII, so that it is the same bytes in every encoding. */
export function errorBody(code: ErrorCode, message: string, hint?: string): Buffer {
  const json = JSON.stringify({ error: { code, message, ...(hint === undefined ? {} : { hint }) } })
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return Buffer.from(ascii, 'latin1')
}

/** Answers with an error, unless an answer has already begun. */
export function answerError(response: ServerResponse, { status, code, message, hint }: ErrorAnswer): void {
  if (!beginError(response, status, errorBody(code, message, hint), false)) return
  response.end()
}

/**
 * Answers with an error while the client may still be sending: the answer leaves at once, and the connection is
 * closed only when the client is done or the time is up, since closing on unread bytes would reset the connection
 * and could take the answer with it (RFC 9112 §9.6).
 */
export function answerErrorAndLinger(response: ServerResponse, answer: ErrorAnswer, lingerMs = 2000): void {
  const { status, code, message, hint } = answer
  if (!beginError(response, status, errorBody(code, message, hint), true)) return
  const request = response.req
  const end = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(end, lingerMs)
  request.once('end', end)
  request.once('close', end)
  request.resume()
}

function beginError(response: ServerResponse, status: number, body: Buffer, close: boolean): boolean {
  if (response.headersSent) {
    response.destroy()
    return false
  }
  response.writeHead(status, STATUS_CODES[status] ?? '', [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(body.length),
    ...(close ? ['Connection', 'close'] : []),
  ])
  response.write(body)
  return true
}
