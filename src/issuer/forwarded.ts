import type { HttpRequest } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'

/**
 * The issuer's URL as a proxy in front was asked for it, by `X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix`. Only
 * for issuers that trust whoever sends these. Without `-Host`, or with something that is none, the URL stays.
 */
export function forwardedIssuer(issuer: string, { headers }: HttpRequest): string {
  const first = (name: string): string | undefined =>
    headerValue(headers, `x-forwarded-${name}`)?.split(',')[0]?.trim()
  const host = first('host')
  if (host === undefined || !HOST.test(host)) return issuer
  const own = new URL(issuer)
  const named = first('proto')?.toLowerCase()
  const scheme = named === 'http' || named === 'https' ? named : own.protocol.slice(0, -1)
  const port = first('port') ?? ''
  const isDefault = port === (scheme === 'https' ? '443' : '80')
  const withPort = /:\d+$/.test(host) || isDefault || !/^\d{1,5}$/.test(port) ? host : `${host}:${port}`
  const prefix = first('prefix') ?? ''
  const origin = `${scheme}://${withPort}`
  if (!URL.canParse(origin)) return issuer
  return origin + (PREFIX.test(prefix) ? prefix : '') + pathOf(issuer)
}

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/

/** The path as written, which may be empty: `https://host` and `https://host/` are two issuers. */
function pathOf(issuer: string): string {
  const slash = issuer.indexOf('/', issuer.indexOf('://') + 3)
  return slash === -1 ? '' : issuer.slice(slash)
}
