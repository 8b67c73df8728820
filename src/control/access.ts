import { createHash, timingSafeEqual } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { ResealError } from '../core/errors.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { headerValues } from '../core/headers.ts'
import { refusalAnswer } from './control-answer.ts'

/** Where the control API listens, and what it demands there. */
export interface AccessRules {
  /** As bound: an address or a name, IPv6 without brackets. */
  readonly host: string
  /** The port as bound, asked at each request: a handler is made before its listener has one. */
  readonly port: () => number
  /** What a client must present where others than this machine can reach it; on loopback it is not asked for. */
  readonly token?: string | undefined
}

/**
 * Tells whether a request may come in; what it gets in the place of an answer if not.
 *
 * On loopback every program of this machine may, but no web page: `Host` must be a loopback name with our port, since a
 * page of `evil.example` can have its name resolve to 127.0.0.1 (DNS rebinding), and a page's own requests name their
 * `Origin`. On any other address a bearer token is demanded (RFC 6750), of health checks too.
 * @throws ResealError USAGE where a token is needed and none is given
 */
export function accessGuard(rules: AccessRules): (request: HttpRequest) => HttpResponse | undefined {
  const { host, port, token } = rules
  if (isLoopback(host)) return (request) => hostRefusal(request, port()) ?? originRefusal(request)
  if (token === undefined || token === '') {
    throw new ResealError('USAGE', `The control API cannot listen on ${host} without a token`, {
      hint: 'Listen on 127.0.0.1, or give a token that clients must present.',
    })
  }
  return (request) => originRefusal(request) ?? tokenRefusal(request, token)
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** 421: a request for another name than ours is not for us (RFC 9110 §15.5.20, §7.4). */
function hostRefusal({ authority }: HttpRequest, port: number): HttpResponse | undefined {
  const named = /^(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:[\]]*))(?::(?<port>\d+))?$/.exec(authority)?.groups
  // Without a port it is that of http (RFC 9110 §4.2.1).
  const isOurs =
    named !== undefined && isLoopback(named.ipv6 ?? named.name ?? '') && Number(named.port ?? 80) === port
  if (isOurs) return undefined
  return refusalAnswer({
    code: 'HOST_REFUSED',
    message: 'The Host of the request is not this listener.',
    hint: `Ask for http://127.0.0.1:${port} or http://localhost:${port}.`,
  })
}

const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none'])

function originRefusal({ authority, headers }: HttpRequest): HttpResponse | undefined {
  const own = new Set([`http://${authority.toLowerCase()}`, `https://${authority.toLowerCase()}`])
  const isForeign =
    headerValues(headers, 'origin').some((origin) => !own.has(origin.toLowerCase())) ||
    // What a page makes a browser fetch without Origin, such as an image (Fetch Metadata §2.2).
    headerValues(headers, 'sec-fetch-site').some((site) => !OWN_SITES.has(site.toLowerCase()))
  if (!isForeign) return undefined
  return refusalAnswer({
    code: 'ORIGIN_REFUSED',
    message: 'The request comes from a web page of another origin.',
    hint: 'Ask from a program, or from a page that this listener serves.',
  })
}

function tokenRefusal({ headers }: HttpRequest, token: string): HttpResponse | undefined {
  const given = headerValues(headers, 'authorization')
  const [presented] = given.map((value) => /^bearer +(?<token>\S+) *$/i.exec(value)?.groups?.token)
  if (given.length === 1 && presented !== undefined && isSame(token, presented)) return undefined
  const challenge = `Bearer realm="reseal control"${given.length === 0 ? '' : ', error="invalid_token"'}`
  return refusalAnswer(
    {
      code: 'TOKEN_REQUIRED',
      message:
        given.length === 0
          ? 'The request has no bearer token.'
          : 'The credentials of the request are not the token of this listener.',
      hint: 'Send Authorization: Bearer with the token that was printed at start.',
    },
    [['WWW-Authenticate', challenge]],
  )
}

/** Takes as long for every guess; digests are as long as each other, as the comparison demands. */
function isSame(token: string, presented: string): boolean {
  return timingSafeEqual(digest(token), digest(presented))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
