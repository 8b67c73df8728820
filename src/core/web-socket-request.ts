import type { RequestHead } from './exchange.ts'
import { headerValue, headerValues } from './headers.ts'

/**
 * Whether a request asks to become a WebSocket (RFC 6455 §4.1). Any other protocol a client offers (h2c) is an offer
 * one may leave out (RFC 9110 §7.8), and one with content is a request first.
 */
export function asksForWebSocket({ method, headers }: Pick<RequestHead, 'method' | 'headers'>): boolean {
  // Lengths before letters: this runs for every request of a replay.
  if (method !== 'GET' || !headers.some(([name]) => name.length === 7 && name.toLowerCase() === 'upgrade'))
    return false
  return (
    headerValue(headers, 'upgrade')?.toLowerCase() === 'websocket' &&
    headerValues(headers, 'connection').some((value) => /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(value)) &&
    headerValue(headers, 'transfer-encoding') === undefined &&
    Number(headerValue(headers, 'content-length') ?? 0) === 0
  )
}
