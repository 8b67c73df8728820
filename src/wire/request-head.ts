import type { IncomingMessage } from 'node:http'
import type { RequestHead, Scheme } from '../core/exchange.ts'

/** A request whose head has arrived and makes sense. */
export interface ReceivedHead {
  readonly head: RequestHead
  /** Content follows the head; false also for `Content-Length: 0`. */
  readonly hasBody: boolean
}

/** A head that two servers could read in two ways, and why. */
export interface RefusedHead {
  /** One sentence for the client. */
  readonly refused: string
}

/**
 * The head of a request byte for byte as it came. Node's parser refuses most of what smuggles requests; what it
 * lets pass is refused here: more or less than one `Host` (RFC 9112 §3.2), a transfer coding other than `chunked`
 * (RFC 9112 §6.1, §7), and any transfer coding in HTTP/1.0 (RFC 9112 §6.1).
 */
export function readRequestHead(message: IncomingMessage, scheme: Scheme): ReceivedHead | RefusedHead {
  const flat = message.rawHeaders
  const headers: [string, string][] = []
  let host: string | undefined
  let coding: string | undefined
  let length: string | undefined
  // One pass, and lengths before letters: this runs for every request of a replay.
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = flat[at] ?? ''
    const value = flat[at + 1] ?? ''
    headers.push([name, value])
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (host !== undefined) return { refused: 'The request has more than one Host' }
      host = value
    } else if (name.length === 14 && name.toLowerCase() === 'content-length') length = value
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      coding = coding === undefined ? value : `${coding}, ${value}`
    }
  }
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || message.httpVersion === '1.0')) {
    return { refused: 'The request has a transfer coding other than chunked' }
  }
  if (host === undefined && message.httpVersion !== '1.0') return { refused: 'The request has no Host' }
  const target = message.url ?? '/'
  const head = {
    scheme,
    authority: authorityOf(target) ?? host ?? '',
    method: message.method ?? 'GET',
    target,
    httpVersion: message.httpVersion,
    headers,
  }
  return { head, hasBody: coding !== undefined || (length !== undefined && Number(length) > 0) }
}

/** The authority of a target in absolute form, which goes before `Host` (RFC 9112 §3.2.2). */
function authorityOf(target: string): string | undefined {
  if (target.startsWith('/')) return undefined
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1]
}
