import type { HttpRequest } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import type { EndpointName } from './endpoint-name.ts'

/** How often one client fetched the JWKS. */
export interface JwksFetches {
  /** Remote address, where the listener told it. */
  readonly address: string | undefined
  readonly userAgent: string | undefined
  readonly count: number
}

/** What was asked so far. */
export interface IssuerCounters {
  /** Requests by endpoint, refused ones and those that a fault answered too; endpoints never asked are not here. */
  readonly requests: Readonly<Partial<Record<EndpointName, number>>>
  /** JWKS requests by client, in order of their first; beyond 1,000 clients the rest is one without name. */
  readonly jwksFetches: readonly JwksFetches[]
}

export interface RequestCounter {
  count(endpoint: EndpointName, request: HttpRequest, address: string | undefined): void
  read(): IssuerCounters
  clear(): void
}

const MOST_CLIENTS = 1000

export function createRequestCounter(): RequestCounter {
  const requests = new Map<EndpointName, number>()
  const fetches = new Map<string, JwksFetches>()
  const countFetch = (request: HttpRequest, remoteAddress: string | undefined): void => {
    const agent = headerValue(request.headers, 'user-agent')
    const known = fetches.has(JSON.stringify([remoteAddress, agent]))
    const [address, userAgent] =
      known || fetches.size < MOST_CLIENTS ? [remoteAddress, agent] : [undefined, undefined]
    const name = JSON.stringify([address, userAgent])
    fetches.set(name, { address, userAgent, count: (fetches.get(name)?.count ?? 0) + 1 })
  }
  return {
    count: (endpoint, request, address) => {
      requests.set(endpoint, (requests.get(endpoint) ?? 0) + 1)
      if (endpoint === 'jwks') countFetch(request, address)
    },
    read: () => ({ requests: Object.fromEntries(requests), jwksFetches: [...fetches.values()] }),
    clear: () => {
      requests.clear()
      fetches.clear()
    },
  }
}
