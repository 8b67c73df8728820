import type { ClientRequest } from 'node:http'
import { systemErrorCode } from '../core/errors.ts'
import type { ReceivedHead } from './request-head.ts'

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/**
 * Tells of a failure whether the request may be sent once more: a kept connection that the upstream closed at the same
 * moment, where no byte of an answer came, no content was sent, and doing it twice is as good as once (RFC 9110 §9.2.2).
 * To be asked for before the request has a connection.
 */
export function secondTry(
  outgoing: ClientRequest,
  { head, hasBody }: Pick<ReceivedHead, 'head' | 'hasBody'>,
): (error: Error) => boolean {
  if (hasBody || !IDEMPOTENT.has(head.method)) return () => false
  let heardBefore = 0
  outgoing.once('socket', ({ bytesRead }) => {
    heardBefore = bytesRead
  })
  return (error) => {
    const code = systemErrorCode(error)
    return (
      outgoing.reusedSocket &&
      outgoing.socket?.bytesRead === heardBefore &&
      (code === 'ECONNRESET' || code === 'EPIPE')
    )
  }
}
