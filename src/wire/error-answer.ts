import { STATUS_CODES, type ServerResponse } from 'node:http'
import { errorBody, errorHeaders, type ErrorAnswer } from '../core/error-answer.ts'
import { resetSocket } from './reset-socket.ts'

/** Answers with an error, unless an answer has already begun. */
export function answerError(response: ServerResponse, answer: ErrorAnswer): void {
  if (!beginError(response, answer, false)) return
  response.end()
}

/**
 * Answers with an error while the client may still be sending: the answer leaves at once, and the connection is
 * closed only when the client is done or the time is up, since closing on unread bytes would reset the connection
 * and could take the answer with it (RFC 9112 §9.6).
 */
export function answerErrorAndLinger(response: ServerResponse, answer: ErrorAnswer, lingerMs = 2000): void {
  if (!beginError(response, answer, true)) return
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

/**
 * Answers with an error and closes the connection on whatever still comes. An answer that is whole leaves before; one
 * that has only begun is reset.
 */
export function answerErrorAndClose(response: ServerResponse, answer: ErrorAnswer): void {
  const { socket } = response.req
  // The response has let go of its socket when its answer was early and has left.
  if (response.writableEnded) socket.destroySoon()
  else if (response.headersSent) resetSocket(socket)
  else if (beginError(response, answer, true)) response.end(() => socket.destroySoon())
}

function beginError(response: ServerResponse, answer: ErrorAnswer, close: boolean): boolean {
  if (response.headersSent) {
    response.destroy()
    return false
  }
  const body = errorBody(answer)
  if (close) response.shouldKeepAlive = false
  // The answer is the same from a recording, whenever that is.
  response.sendDate = false
  response.writeHead(answer.status, STATUS_CODES[answer.status] ?? '', [
    ...errorHeaders(body).flat(),
    ...(close ? ['Connection', 'close'] : []),
  ])
  response.write(body)
  return true
}
