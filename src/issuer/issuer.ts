import { ResealError } from '../core/errors.ts'
import type { Handler, HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { Clock } from '../core/time.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import { createRequestCounter, type IssuerCounters } from './counters.ts'
import type { Directory } from './directory.ts'
import type { EndpointName } from './endpoint-name.ts'
import { ENDPOINTS } from './endpoints/endpoints.ts'
import { forwardedIssuer } from './forwarded.ts'
import { emptyAnswer, jsonAnswer } from './http-answer.ts'
import { mintedClaims, type MintRequest } from './minted-claims.ts'
import type { MintOptions } from './minter.ts'
import { clearStores, createProvider, type Call, type Provider } from './provider.ts'
import {
  allows,
  CORS_HEADERS,
  methodHeaders,
  preflightHeaders,
  routesOf,
  splitTarget,
  type Route,
} from './routes.ts'
import type { Claims, IssuerSettings } from './settings.ts'
import type { PlannedTamper } from './tamper-queue.ts'
import { tamperNamed } from './tampers.ts'

/** An OpenID Provider for tests. */
export interface Issuer extends Pick<
  Directory,
  'upsertClient' | 'removeClient' | 'upsertUser' | 'removeUser' | 'clients' | 'users'
> {
  readonly settings: IssuerSettings
  readonly ring: KeyRing
  /** The endpoint's answer; undefined for a path that is none of this issuer's. */
  answer(request: HttpRequest): HttpResponse | Promise<HttpResponse> | undefined
  /** The same, with 404 for other paths. */
  readonly handler: Handler
  /**
   * Signs claims verbatim, nothing added.
   * @throws ResealError KEY_MISSING, KEY_UNFIT
   */
  sign(claims: Claims, options?: MintOptions): Promise<string>
  /**
   * An access token as a grant would give it, with the given claims in the place of the usual ones.
   * @throws ResealError KEY_MISSING, KEY_UNFIT, USAGE
   */
  mint(request?: MintRequest): Promise<string>
  /**
   * Makes the next tokens of an endpoint wrong.
   * @throws ResealError KEY_UNFIT for a tamper that this ring's keys cannot have, USAGE for a count below 1 or a tamper that does not exist
   */
  tamperNext(planned: PlannedTamper<EndpointName>): void
  /** What was asked since the start or the last reset, as of now. */
  readonly counters: IssuerCounters
  /** Forgets codes, grants, sessions, what was revoked, planned tampers and counters. Clients, users and keys stay. */
  reset(): void
}

/** Where others have a say. */
export interface IssuerHooks {
  /** Told of every request to an endpoint, before it is answered. */
  readonly onRequest?: (endpoint: EndpointName, request: HttpRequest) => void
  /** Answers in the place of an endpoint, whose own answer it may use. */
  readonly fault?: (
    endpoint: EndpointName,
    request: HttpRequest,
    answer: () => HttpResponse | Promise<HttpResponse>,
  ) => HttpResponse | Promise<HttpResponse>
  /** The address a request came from, for the counters; a request itself does not tell. */
  readonly remoteAddress?: (request: HttpRequest) => string | undefined
}

/**
 * An issuer over a ring whose keys exist already.
 * @throws ResealError CONFIG_INVALID for an issuer URL, a client or a user that cannot be
 */
export function createIssuer(
  settings: IssuerSettings,
  ring: KeyRing,
  clock: Clock,
  hooks: IssuerHooks = {},
): Issuer {
  checkIssuerUrl(settings.issuer)
  const provider = createProvider(settings, ring, clock)
  const counter = createRequestCounter()
  const routes = routesOf(settings.issuer, ENDPOINTS)
  const answerRoute = routeAnswerer(provider, hooks)
  const { directory, minter, stores, tampers } = provider

  const answer = (request: HttpRequest): HttpResponse | Promise<HttpResponse> | undefined => {
    const { path, query } = splitTarget(request.target)
    const route = routes.get(path)
    if (route === undefined) return undefined
    counter.count(route.name, request, hooks.remoteAddress?.(request))
    hooks.onRequest?.(route.name, request)
    return answerRoute(route, request, query)
  }

  return {
    settings,
    ring,
    answer,
    handler: (request) => answer(request) ?? NOT_FOUND,
    sign: (claims, options) => minter.sign(claims, options),
    mint: async (request = {}) => {
      const { raw, claims = {}, tamper } = request
      if (raw === true) return minter.sign(claims, { tamper })
      const minted = mintedClaims(provider, settings.issuer, request)
      return minter.sign(minted, { header: { typ: 'at+jwt' }, tamper })
    },
    tamperNext: (planned) => {
      checkTamper(provider, planned)
      tampers.plan(planned)
    },
    get counters() {
      return counter.read()
    },
    reset: () => {
      clearStores(stores)
      tampers.clear()
      counter.clear()
    },
    upsertClient: directory.upsertClient,
    removeClient: directory.removeClient,
    upsertUser: directory.upsertUser,
    removeUser: directory.removeUser,
    clients: directory.clients,
    users: directory.users,
  }
}

const NOT_FOUND = jsonAnswer(404, {
  error: 'not_found',
  error_description: 'No endpoint of this issuer has this path.',
})

type RouteAnswerer = (
  route: Route,
  request: HttpRequest,
  query: string,
) => HttpResponse | Promise<HttpResponse>

/** Answers for an endpoint: method, fault, and what scripts of other origins may see. */
function routeAnswerer(provider: Provider, { fault }: IssuerHooks): RouteAnswerer {
  const { issuer, trustForwarded } = provider.settings
  const withCors = corsAdder()

  const ownAnswer = (
    { name, endpoint }: Route,
    request: HttpRequest,
    query: string,
  ): ReturnType<RouteAnswerer> => {
    if (request.method === 'OPTIONS') {
      return emptyAnswer(204, endpoint.cors ? preflightHeaders(endpoint, request) : methodHeaders(endpoint))
    }
    if (!allows(endpoint, request.method)) return emptyAnswer(405, methodHeaders(endpoint))
    const call: Call = {
      endpoint: name,
      request,
      query,
      issuer: trustForwarded ? forwardedIssuer(issuer, request) : issuer,
    }
    const answer = endpoint.answer(provider, call)
    return request.method === 'HEAD' ? withoutBody(answer) : answer
  }
  return (route, request, query) => {
    const visible = (): ReturnType<RouteAnswerer> => {
      const answer = ownAnswer(route, request, query)
      if (!route.endpoint.cors) return answer
      return answer instanceof Promise ? answer.then(withCors) : withCors(answer)
    }
    return fault === undefined ? visible() : fault(route.name, request, visible)
  }
}

/** Each array of header fields gets its second form once: the server knows arrays by identity. */
function corsAdder(): (response: HttpResponse) => HttpResponse {
  const visible = new WeakMap<RawHeaders, RawHeaders>()
  return (response) => {
    const headers = visible.get(response.headers) ?? [...response.headers, ...CORS_HEADERS]
    visible.set(response.headers, headers)
    return { ...response, headers }
  }
}

async function withoutBody(answer: HttpResponse | Promise<HttpResponse>): Promise<HttpResponse> {
  const { headers, body, ...rest } = await answer
  return { ...rest, headers: [...headers, ['Content-Length', String(body.length)]], body: new Uint8Array() }
}

/** An issuer is an http or https URL without query and fragment (OpenID Connect Discovery §3, RFC 8414 §2). */
function checkIssuerUrl(issuer: string): void {
  const isUrl = /^https?:\/\/[\x21-\x7e]+$/.test(issuer) && !/[?#]/.test(issuer) && URL.canParse(issuer)
  if (isUrl) return
  throw new ResealError('CONFIG_INVALID', `The issuer "${issuer}" is not a URL that an issuer can have.`, {
    hint: 'Give an http or https URL without query and fragment, such as http://127.0.0.1:8090 or https://id.example.com/tenants/a.',
  })
}

function checkTamper({ minter }: Provider, { tamper, count }: PlannedTamper<EndpointName>): void {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ResealError('USAGE', 'The number of tokens to tamper with is not a whole number of 1 or more.')
  }
  tamperNamed(tamper)
  const { key } = minter.signer()
  if (tamper === 'hsWithPublicKey' && key.publicJwk === undefined) {
    throw new ResealError('KEY_UNFIT', `The key ${key.source} has no public half to be taken for a secret.`)
  }
}
