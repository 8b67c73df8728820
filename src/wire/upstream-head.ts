import type { RequestHead } from '../core/exchange.ts'
import { headerValues, hopByHopNames, type RawHeaders } from '../core/headers.ts'
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

/**
 * The header fields to send upstream, in the client's order: without the hop-by-hop ones, `Host` renamed in its
 * place, framing as the client chose it, whatever its `Connection` names (else a named `Content-Length` would turn
 * content into a second request). `TE: trailers` is said anew, since trailers do pass.
 */
export function upstreamHeaders({ headers }: RequestHead, target: Target): RawHeaders {
  const hops = hopByHopNames(headers)
  const chunked = headerValues(headers, 'transfer-encoding').length > 0
  const kept: (readonly [string, string])[] = []
  for (const field of headers) {
    const [name, value] = field
    const lower = name.toLowerCase()
    if (lower === 'host') kept.push([name, target.authority])
    else if (lower === 'content-length' || lower === 'transfer-encoding') kept.push(field)
    else if (lower === 'te') {
      if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) kept.push([name, 'trailers'])
    } else if (lower === 'trailer' && !chunked) continue
    else if (!hops.has(lower)) kept.push(field)
  }
  return headerValues(kept, 'host').length > 0 ? kept : [['Host', target.authority], ...kept]
}
