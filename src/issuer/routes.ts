import type { HttpRequest } from '../core/exchange.ts'
import { headerValue, type RawHeaders } from '../core/headers.ts'
import { ENDPOINT_NAMES, type EndpointName } from './endpoint-name.ts'
import type { Endpoint } from './endpoints/endpoint.ts'

/** An endpoint at a path. */
export interface Route {
  readonly name: EndpointName
  readonly endpoint: Endpoint
}

/** The routes of an issuer by path, those before and behind its own path alike. */
export function routesOf(
  issuer: string,
  endpoints: Readonly<Record<EndpointName, Endpoint>>,
): ReadonlyMap<string, Route> {
  const own = new URL(issuer).pathname.replace(/\/$/, '')
  return new Map(
    routeList(endpoints).flatMap(({ name, endpoint }) =>
      [
        ...endpoint.paths.map((path) => own + path),
        ...(endpoint.pathsBeforeIssuer ?? []).map((path) => path + own),
      ].map((path) => [path, { name, endpoint }] as const),
    ),
  )
}

function routeList(endpoints: Readonly<Record<EndpointName, Endpoint>>): readonly Route[] {
  return ENDPOINT_NAMES.map((name) => ({ name, endpoint: endpoints[name] }))
}

/** Path and query of a request target, which may be in absolute form (RFC 9112 §3.2.2). */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  const mark = origin.indexOf('?')
  return mark === -1
    ? { path: origin, query: '' }
    : { path: origin.slice(0, mark), query: origin.slice(mark + 1) }
}

/** Whether the endpoint is asked in a way it answers; HEAD goes where GET does. */
export function allows({ methods }: Endpoint, method: string): boolean {
  return methods.some((known) => known === method || (known === 'GET' && method === 'HEAD'))
}

/** What an endpoint says to a method it does not answer, and to OPTIONS (RFC 9110 §9.3.7). */
export function methodHeaders({ methods }: Endpoint): RawHeaders {
  const head = methods.includes('GET') ? ['HEAD'] : []
  return [['Allow', [...methods, ...head, 'OPTIONS'].join(', ')]]
}

/** What a browser must hear before it sends a request from another origin (Fetch §3.2.3). */
export function preflightHeaders(endpoint: Endpoint, { headers }: HttpRequest): RawHeaders {
  const asked = headerValue(headers, 'access-control-request-headers') ?? ''
  return [
    ...methodHeaders(endpoint),
    ['Access-Control-Allow-Methods', endpoint.methods.join(', ')],
    ['Access-Control-Allow-Headers', /^[\w\-, ]+$/.test(asked) ? asked : 'Authorization, Content-Type'],
    ['Access-Control-Max-Age', '600'],
  ]
}

/** Lets scripts of every origin read an answer; without credentials of the browser, so a session is never at stake. */
export const CORS_HEADERS: RawHeaders = [
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Expose-Headers', 'WWW-Authenticate'],
]
