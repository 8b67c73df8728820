import { memberOf, stringValue } from '../../core/json.ts'
import type { PairId } from '../../core/pair.ts'
import { pathOf } from '../filters/request-test.ts'
import type { ResponseMessage } from '../message/response-message.ts'

/** Where a discovery document sends clients (OIDC Discovery §3, RFC 8414 §2). */
const ENDPOINTS = ['jwks_uri', 'token_endpoint', 'authorization_endpoint', 'userinfo_endpoint'] as const

/** The endpoints that a discovery document names; undefined for any other response. */
export function endpointsIn(message: ResponseMessage): readonly string[] | undefined {
  const body = message.body()
  // Most bodies are something else, and need not be scanned to know it.
  if (body?.recorded.includes('"issuer"') !== true) return undefined
  const root = body.json()
  const said = (name: string): string | undefined => stringValue(body.recorded, memberOf(root, name))
  const urls = ENDPOINTS.flatMap((name) => said(name) ?? [])
  return said('issuer') === undefined || urls.length === 0 ? undefined : urls
}

/** Finds discovery documents that led clients past the recorder. */
export interface DiscoveryBook {
  add(message: ResponseMessage): void
  /** A sentence for each document of whose endpoints no pair asked any. */
  notes(): readonly string[]
}

export function createDiscoveryBook(): DiscoveryBook {
  const asked = new Set<string>()
  const documents = new Map<string, { readonly pair: PairId; readonly endpoints: readonly string[] }>()
  return {
    add: (message) => {
      const { id, request } = message.pair
      const endpoints = endpointsIn(message)
      if (endpoints === undefined) asked.add(pathOf(request.target))
      else documents.set(endpoints.join(' '), { pair: id, endpoints })
    },
    notes: () =>
      [...documents.values()]
        .filter(({ endpoints }) => !endpoints.some((url) => asked.has(pathAt(url))))
        .map(
          ({ pair, endpoints: [first = ''] }) =>
            `The discovery document of pair ${pair} sends clients to ${originOf(first)}, and none of them came by here: ` +
            'what they asked there is not recorded. Record that backend too, and let its name lead to the recorder.',
        ),
  }
}

function pathAt(url: string): string {
  return URL.parse(url)?.pathname ?? url
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? 'a server that it names'
}
