import { headerValues, type RawHeaders } from '../../core/headers.ts'
import type { DeflateAgreement } from './message-inflater.ts'

/** What a 101 agreed to for each direction; `unknown` when the frames mean something that is not known here. */
export type AgreedExtensions =
  | { readonly kind: 'none' }
  | { readonly kind: 'deflate'; readonly client: DeflateAgreement; readonly server: DeflateAgreement }
  | { readonly kind: 'unknown' }

/** Reads the `Sec-WebSocket-Extensions` of a 101 (RFC 6455 §9.1, RFC 7692 §7.1). */
export function agreedExtensions(headers: RawHeaders): AgreedExtensions {
  const offers = headerValues(headers, 'sec-websocket-extensions')
    .flatMap((value) => value.split(','))
    .map((offer) => offer.split(';').map((part) => part.trim().toLowerCase()))
    .filter(([name]) => name !== '')
  const [only, ...others] = offers
  if (only === undefined) return { kind: 'none' }
  const [name, ...parameters] = only
  if (name !== 'permessage-deflate' || others.length > 0) return { kind: 'unknown' }
  return {
    kind: 'deflate',
    client: { noContextTakeover: parameters.includes('client_no_context_takeover') },
    server: { noContextTakeover: parameters.includes('server_no_context_takeover') },
  }
}
