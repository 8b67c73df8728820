import { createHash } from 'node:crypto'
import { headerValue, headerValues, type RawHeaders } from '../../core/headers.ts'

/** Every accept value is made with it (RFC 6455 §1.3). */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * The fields of a recorded 101 for another client: its key answered (RFC 6455 §4.2.2), the recorded subprotocol only
 * if it is among those offered now, and no extension, since the frames are played as they read without.
 */
export function handshakeAnswer(recorded: RawHeaders, asked: RawHeaders): RawHeaders {
  const key = headerValue(asked, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1')
    .update(key.trim() + ACCEPT_SUFFIX, 'latin1')
    .digest('base64')
  const offers = headerValues(asked, 'sec-websocket-protocol').flatMap((value) => value.split(','))
  const offered = new Set(offers.map((name) => name.trim()))
  const kept = recorded.filter(([name, value]) => {
    const lower = name.toLowerCase()
    if (lower === 'sec-websocket-protocol') return offered.has(value)
    return lower !== 'sec-websocket-extensions'
  })
  const fields = kept.map((field) =>
    field[0].toLowerCase() === 'sec-websocket-accept' ? ([field[0], accept] as const) : field,
  )
  return withNeeded(fields, [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', accept],
  ])
}

function withNeeded(fields: RawHeaders, needed: RawHeaders): RawHeaders {
  return [...fields, ...needed.filter(([name]) => headerValue(fields, name) === undefined)]
}
