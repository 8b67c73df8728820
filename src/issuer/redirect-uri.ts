import type { ClientSettings } from './settings.ts'

/**
 * Whether a client may have its answer sent here. Configured URIs are compared character by character (RFC 9700
 * §2.1), but for the port of a loopback address, which apps choose anew each time (RFC 8252 §7.3).
 */
export function mayRedirectTo({ redirectUris }: ClientSettings, uri: string): boolean {
  if (!isRedirectable(uri)) return false
  if (redirectUris === undefined) return true
  const portless = withoutLoopbackPort(uri)
  return redirectUris.some(
    (known) => known === uri || (portless !== undefined && withoutLoopbackPort(known) === portless),
  )
}

/**
 * Whether a browser may be sent here after a logout (OpenID Connect RP-Initiated Logout §3).
 * @param proven whether the request showed an ID token of this client; where nothing is configured, it has to
 */
export function mayReturnTo(settings: ClientSettings, uri: string, proven: boolean): boolean {
  if (!isRedirectable(uri)) return false
  const { postLogoutRedirectUris, redirectUris } = settings
  if (postLogoutRedirectUris !== undefined) return postLogoutRedirectUris.includes(uri)
  if (redirectUris === undefined) return proven
  const origin = originOf(uri)
  return origin !== undefined && redirectUris.some((known) => originOf(known) === origin)
}

/** Schemes that run or show something in the place of the page. */
const DANGEROUS_SCHEMES: ReadonlySet<string> = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'view-source:',
])

/**
 * An absolute URI without fragment (RFC 6749 §3.1.2) in printable ASCII, so that it can stand in a header: URL itself
 * would pass over line breaks.
 */
function isRedirectable(uri: string): boolean {
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes('#') || uri.includes('\\') || !URL.canParse(uri))
    return false
  return !DANGEROUS_SCHEMES.has(new URL(uri).protocol)
}

const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?(?=[/?]|$)/

function withoutLoopbackPort(uri: string): string | undefined {
  return LOOPBACK.test(uri) ? uri.replace(LOOPBACK, '$1') : undefined
}

/** Undefined for schemes of apps, which have no origin. */
function originOf(uri: string): string | undefined {
  const origin = URL.canParse(uri) ? new URL(uri).origin : 'null'
  return origin === 'null' ? undefined : origin
}
