import type { RequestHead } from '../core/exchange.ts'
import { headerValue, headerValues, hopByHopNames, withoutHeaders, type RawHeaders } from '../core/headers.ts'
import type { Target } from './target.ts'

/**
 * The request target to send upstream: origin form, byte for byte what the client sent behind scheme and authority
 * (RFC 9112 §3.2), with the target's base path before it.
 */
export function upstreamPath(requestTarget: string, target: Target): string {
  // `OPTIONS *` speaks of the server as a whole (RFC 9112 §3.2.4).
  if (requestTarget === '*') return requestTarget
  const origin = requestTarget.startsWith('/')
    ? requestTarget
    : requestTarget.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  return target.basePath + (origin.startsWith('/') ? origin : `/${origin}`)
}

/** What a proxy says of its client, where it was asked to. */
export interface HeadOptions {
  readonly preserveHost?: boolean
  readonly xfwd?: boolean
  /** The client's IP address. */
  readonly client: string
  /** Keeps `Connection` and `Upgrade`, as they came. */
  readonly upgrade: boolean
}

/**
 * The header fields to send upstream, in the client's order: without the hop-by-hop ones, `Host` renamed in its
 * place, framing as the client chose it, whatever its `Connection` names (else a named `Content-Length` would turn
 * content into a second request). `TE: trailers` is said anew, since trailers do pass.
 */
export function upstreamHeaders(head: RequestHead, target: Target, options: HeadOptions): RawHeaders {
  const { headers } = head
  const hops = hopByHopNames(headers)
  const chunked = headerValues(headers, 'transfer-encoding').length > 0
  const kept: (readonly [string, string])[] = []
  let hostSeen = false
  for (const field of headers) {
    const [name, value] = field
    const lower = name.toLowerCase()
    if (lower === 'host') {
      hostSeen = true
      kept.push(options.preserveHost === true ? field : [name, target.authority])
    } else if (lower === 'content-length' || lower === 'transfer-encoding') kept.push(field)
    else if (options.upgrade && (lower === 'connection' || lower === 'upgrade')) kept.push(field)
    else if (lower === 'te') {
      if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) kept.push([name, 'trailers'])
    } else if (lower === 'trailer' && !chunked) continue
    else if (!hops.has(lower)) kept.push(field)
  }
  if (!hostSeen) kept.unshift(['Host', target.authority])
  return options.xfwd === true ? withForwarded(kept, head, options.client) : kept
}

/** `X-Forwarded-For` grows by the client; the other two are said where nobody before has. */
function withForwarded(fields: RawHeaders, { authority, scheme }: RequestHead, client: string): RawHeaders {
  const said: [name: string, value: string][] = [
    ['X-Forwarded-For', [...headerValues(fields, 'x-forwarded-for'), client].join(', ')],
    ['X-Forwarded-Host', headerValue(fields, 'x-forwarded-host') ?? authority],
    ['X-Forwarded-Proto', headerValue(fields, 'x-forwarded-proto') ?? scheme],
  ]
  return [...withoutHeaders(fields, new Set(said.map(([name]) => name.toLowerCase()))), ...said]
}
