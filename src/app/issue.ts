import type { Handler } from '../core/exchange.ts'
import type { RunningServer } from '../wire/listener.ts'
import { serve } from '../wire/server.ts'
import { serveControl } from './control.ts'
import {
  answerOf,
  openIssuer,
  openRing,
  type IssuerDefinition,
  type IssuerEnvironment,
  type LiveRing,
  type OpenIssuer,
} from './open-issuer.ts'

export interface IssueOptions extends IssuerEnvironment {
  /** Listeners, each with the issuers that answer there, told apart by the path of their URL. */
  readonly listeners: readonly { readonly listen: string; readonly issuers: readonly IssuerDefinition[] }[]
  /** Where the control API listens; undefined for none. */
  readonly control: string | undefined
  /** Told of a request that could not be answered for a reason of reseal's own. */
  readonly onError: (error: unknown) => void
}

export interface Issuing {
  readonly urls: readonly string[]
  readonly issuers: readonly OpenIssuer[]
  readonly control: { readonly url: string; readonly token: string | undefined } | undefined
  stop(): Promise<void>
}

/**
 * Starts issuers. All keys exist before the first listener opens.
 * @throws ResealError SECRET_*, KEY_*, CONFIG_INVALID, ADDRESS_*
 */
export async function issue(options: IssueOptions): Promise<Issuing> {
  const rings: LiveRing[] = []
  const servers: RunningServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()))
    for (const ring of rings) ring.close()
  }
  try {
    const opened: OpenIssuer[] = []
    const urls: string[] = []
    const groups: { listen: string; rings: LiveRing[] }[] = []
    for (const { listen, issuers } of options.listeners) {
      const group = await Promise.all(issuers.map((definition) => openRing(definition, options)))
      rings.push(...group)
      groups.push({ listen, rings: group })
    }
    for (const { listen, rings: group } of groups) {
      const here: OpenIssuer[] = []
      const server = await serve({ listen, handler: firstOf(here), onError: options.onError })
      servers.push(server)
      urls.push(server.url)
      here.push(...group.map((ring) => openIssuer(ring, server.url, options.clock)))
      opened.push(...here)
    }
    const control =
      options.control === undefined
        ? undefined
        : await serveControl(options.control, { issuers: opened }, options)
    if (control !== undefined) servers.push(control.server)
    return {
      urls,
      issuers: opened,
      control: control && { url: control.server.url, token: control.token },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The first issuer whose path it is answers; where it is nobody's, the first says so. */
function firstOf(issuers: readonly OpenIssuer[]): Handler {
  return (request) => answerOf(issuers, request) ?? issuers[0]?.issuer.handler(request) ?? STARTING
}

/** In the instant between listening and knowing the port, nothing is there yet. */
const STARTING = {
  status: 503,
  reason: 'Service Unavailable',
  httpVersion: '1.1',
  headers: [
    ['Retry-After', '1'],
    ['Content-Length', '0'],
  ],
  body: new Uint8Array(),
  trailers: [],
} as const
