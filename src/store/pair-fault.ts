import type { ResponseHead } from '../core/exchange.ts'
import { decodeHeaderLines, encodeHeaderLines, headerValue, type RawHeaders } from '../core/headers.ts'
import type { PairHead } from '../core/pair.ts'

/** What of a pair is judged: all but its bodies. */
export interface JudgedPair extends PairHead {
  readonly requestTrailers: RawHeaders
  readonly responseTrailers: RawHeaders
}

/**
 * What in a pair no recording can hold, and what to serve it would end in an error for every request: as words that
 * follow "cannot be used:", undefined for a sound pair. Reader and writer judge alike, so that nothing is stored that
 * cannot be read. Values are not repeated, as they may be secrets, but for the status.
 */
export function pairFault(pair: JudgedPair): string | undefined {
  for (const check of CHECKS) {
    const fault = check(pair)
    if (fault !== undefined) return fault
  }
  return undefined
}

const CHECKS: readonly ((pair: JudgedPair) => string | undefined)[] = [
  ({ id }) => unless(isWhole(id) && id > 0, `its id is no whole number of 1 to ${Number.MAX_SAFE_INTEGER}`),
  ({ at }) => momentFault('at', at),
  ({ firstByteMs = 0 }) => momentFault('first_byte_ms', firstByteMs),
  ({ tookMs }) => momentFault('took_ms', tookMs),
  ({ requestBytes }) => unless(isWhole(requestBytes), 'its "request_bytes" is no count'),
  ({ responseBytes }) => unless(isWhole(responseBytes), 'its "response_bytes" is no count'),
  ({ route }) => unless(isOrigin(route.target), 'its route leads to no http or https origin'),
  ({ request }) => unless(TOKEN.test(request.method), 'its method is no token'),
  ({ request }) => fieldsFault('request headers', request.headers),
  ({ requestTrailers }) => fieldsFault('request trailers', requestTrailers),
  ({ response }) =>
    response &&
    unless(
      isStatus(response.status) || opensWebSocket(response),
      `its status is ${response.status}, which is no whole answer: 200 to 999`,
    ),
  ({ response }) => response && unless(isWireText(response.reason), 'its reason phrase cannot be on a wire'),
  ({ response }) => response && fieldsFault('response headers', response.headers),
  ({ responseTrailers }) => fieldsFault('response trailers', responseTrailers),
]

function unless(sound: boolean, fault: string): string | undefined {
  return sound ? undefined : fault
}

/** Above 2^53 SQLite's integers arrive rounded. */
function isWhole(count: number): boolean {
  return Number.isSafeInteger(count) && count >= 0
}

/** Milliseconds a Date can hold, on both sides of 1970 (ECMA-262 §21.4.1.1). */
const DATE_RANGE_MS = 8.64e15

function momentFault(column: string, ms: number): string | undefined {
  return unless(Math.abs(ms) <= DATE_RANGE_MS, `its "${column}" is outside the range of a date`)
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text
}

/** 1xx precede an answer and are none (RFC 9110 §15.2); Node writes up to 999. */
function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 999
}

/** A 101 is an answer where a WebSocket follows (RFC 6455 §4.2.2). */
function opensWebSocket({ status, headers }: ResponseHead): boolean {
  return status === 101 && headerValue(headers, 'upgrade')?.toLowerCase() === 'websocket'
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Field values and reason phrases: what Node's parser lets in and its server writes (RFC 9110 §5.5, RFC 9112 §4). */
const TEXT = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether a field value or reason phrase can be on a wire. */
export function isWireText(text: string): boolean {
  return TEXT.test(text)
}

/** What is wrong with fields that cannot be on a wire. @param what they are */
export function fieldsFault(what: string, fields: RawHeaders): string | undefined {
  const sound = fields.every(([name, value]) => TOKEN.test(name) && isWireText(value))
  return unless(sound, `its ${what} have a field that cannot be on a wire`)
}

/** The fields in stored header lines; undefined for bytes that {@link encodeHeaderLines} does not make. */
export function storedFields(bytes: Uint8Array): RawHeaders | undefined {
  const fields = decodeHeaderLines(bytes)
  return Buffer.compare(encodeHeaderLines(fields), bytes) === 0 ? fields : undefined
}
