import { ResealError } from '../core/errors.ts'
import type { Scheme } from '../core/exchange.ts'

/** The upstream that requests are forwarded to. */
export interface Target {
  readonly scheme: Scheme
  /** Host name or IP address to connect to, IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** What `Host` says upstream: the default port of the scheme is left out (RFC 9110 §7.2). */
  readonly authority: string
  /** `scheme://authority`, as messages name it. */
  readonly origin: string
  /** Put before the path of every request; empty, or `/` and segments without a slash at the end. */
  readonly basePath: string
}

/**
 * Reads the URL of an upstream: http or https, a host, and perhaps a base path.
 * @throws ResealError USAGE when the text is something else, or carries credentials, a query or a fragment
 */
export function parseTarget(text: string): Target {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ResealError('USAGE', 'The target is not an http or https URL', {
      hint: 'Write it with its scheme: https://staging.example.com',
    })
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ResealError('USAGE', `The target ${url.origin} carries credentials, a query or a fragment`, {
      hint: 'Write only the scheme, the host and perhaps a base path.',
    })
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  return {
    scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port),
    authority: url.host,
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
  }
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const
