import { isEventStream } from '../core/content-piece.ts'
import type { HttpResponse } from '../core/exchange.ts'
import { hopByHopNames, type RawHeaders } from '../core/headers.ts'
import { flatHead } from './flat-head.ts'

/** Header fields of a response, made ready once for every time they are sent. */
export interface PreparedHead {
  /** With `Transfer-Encoding: chunked` where it was recorded, and then without `Content-Length`. */
  readonly framed: readonly string[]
  /** Without transfer coding and `Trailer`: what goes with no content, with a length, or to HTTP/1.0. */
  readonly plain: readonly string[]
  readonly chunked: boolean
  /** Where in `plain` the value of `Content-Length` is, or -1. */
  readonly lengthAt: number
  readonly eventStream: boolean
}

/**
 * What of a recorded response's header fields is sent again: all but the hop-by-hop ones, which belong to the
 * connection of the recording (RFC 9110 §7.6.1), with one framing only (RFC 9112 §6.3).
 */
export function prepareHead(headers: RawHeaders): PreparedHead {
  const hops = hopByHopNames(headers)
  const plain: (readonly [string, string])[] = []
  let chunked = false
  let lengthAt = -1
  for (const field of headers) {
    const lower = field[0].toLowerCase()
    if (lower === 'transfer-encoding') chunked ||= isChunked(field[1])
    else if (lower === 'content-length') {
      if (lengthAt !== -1) continue
      lengthAt = plain.length * 2 + 1
      plain.push(field)
    } else if (lower !== 'trailer' && !hops.has(lower)) plain.push(field)
  }
  const flat = flatHead(plain)
  return {
    framed: chunked ? flatHead(chunkedFields(headers, hops)) : flat,
    plain: flat,
    chunked,
    lengthAt,
    eventStream: isEventStream(headers),
  }
}

/** With the transfer coding and `Trailer` in their places, and without a length (RFC 9112 §6.3). */
function chunkedFields(headers: RawHeaders, hops: ReadonlySet<string>): RawHeaders {
  return headers.filter(([name]) => {
    const lower = name.toLowerCase()
    return lower === 'transfer-encoding' || (lower !== 'content-length' && !hops.has(lower))
  })
}

/**
 * The fields to send with this response: framing fits the content, so that no client waits for bytes that never
 * come. A length is kept as recorded where no content follows it: in the answer to HEAD and in 304 (RFC 9110 §8.6).
 */
export function fieldsFor(
  prepared: PreparedHead,
  response: HttpResponse,
  method: string,
  http10: boolean,
): readonly string[] {
  const { framed, plain, chunked, lengthAt } = prepared
  if (isBodiless(response.status)) return plain
  if (method === 'HEAD') return http10 ? plain : framed
  if (chunked && !http10) return framed
  if (lengthAt === -1 && response.delivery?.untilClose === true) return plain
  // What is to be cut off says how much it would have been.
  if (response.delivery?.cut !== undefined && Number(plain[lengthAt]) > response.body.length) return plain
  const length = String(response.body.length)
  if (lengthAt === -1) return [...plain, 'Content-Length', length]
  return plain[lengthAt] === length ? plain : plain.with(lengthAt, length)
}

/** Responses that end with their head whatever it says (RFC 9112 §6.3). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

/** The last transfer coding is chunked (RFC 9112 §6.1). */
export function isChunked(transferEncoding: string): boolean {
  return /(?:^|,)\s*chunked\s*$/i.test(transferEncoding)
}
