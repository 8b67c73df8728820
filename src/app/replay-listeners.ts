import type { Socket } from 'node:net'
import { ResealError } from '../core/errors.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import type { Clock } from '../core/time.ts'
import type { Answerer, OtherAnswerer } from '../respond/replay-answer.ts'
import type { RunningServer } from '../wire/listener.ts'
import type { RelayOptions } from '../wire/relays.ts'
import { serve } from '../wire/server.ts'
import { parseTarget } from '../wire/target.ts'
import { answersAt, refuseUnserved, withIssuers } from './issuers-beside.ts'
import { openIssuer, type LiveRing, type OpenIssuer } from './open-issuer.ts'
import type { ListenerRoute } from './routes.ts'

export interface ReplayListenersOptions {
  readonly routes: readonly ListenerRoute[]
  /** Undefined listens in the clear. */
  readonly tls: TlsIdentity | undefined
  /** The keys of the issuers beside the recording. */
  readonly rings: readonly LiveRing[]
  /** The origins that were recorded. */
  readonly backends: readonly string[]
  /** Makes what answers for a backend, undefined for all, from the recording; it asks `otherwise` before it misses. */
  readonly responder: (origin: string | undefined, otherwise: OtherAnswerer) => Answerer
  /** Puts faults around what answers for a backend. */
  readonly faulty: (answerer: Answerer, origin: string | undefined) => Answerer
  /** Asked at last, by the URL that a listener was mapped to. */
  readonly passage: (target: string | undefined) => OtherAnswerer
  /** How requests are forwarded that nothing answers; undefined for not at all. */
  readonly relay: RelayOptions | undefined
  /** A backend of which nothing was recorded is none that could be a mistake. */
  readonly anyBackend: boolean
  /** Makes what a backend's clients get instead of the 100 that they wait for. */
  readonly refuser: (origin: string | undefined) => OtherAnswerer
  /** Counts what a listener answers for a backend. @param url of the listener, once it has one */
  readonly observe: (answerer: Answerer, url: () => string, origin: string | undefined) => Answerer
  /** Asked for each connection of a listener, by its place among {@link ReplayListeners.urls}; undefined shares none. */
  readonly share?: ((listener: number, socket: Socket) => boolean) | undefined
  readonly clock: Clock
  /** How long a client may take for the head of a request, or hold back its content; default 10 s. */
  readonly clientTimeoutMs: number | undefined
  /** Told of a request that could not be answered for a reason of reseal's own. */
  readonly onError: (error: unknown) => void
}

/** The servers of a replay. */
export interface ReplayListeners {
  /** In the order of the routes; then those of issuers that have their own. */
  readonly urls: readonly string[]
  readonly issuers: readonly OpenIssuer[]
  /** What answers at each, in the order of the URLs. */
  readonly answerers: readonly ListenerAnswers[]
  /** Has clients connect anew, each after its next answer. */
  renew(): void
  close(): Promise<void>
}

/** What answers at a listener, whoever has its connection. */
export interface ListenerAnswers {
  /** The backend it stands for; undefined for all. */
  readonly origin: string | undefined
  readonly answer: Answerer
  /** What a request gets instead of the 100 that it waits for. */
  readonly refuse: OtherAnswerer
  /** Whether an issuer answers there too. */
  hasIssuers(): boolean
}

/**
 * Starts one server for each route, with the issuers that answer there.
 * @throws ResealError USAGE, CONFIG_INVALID, ADDRESS_*; then none is left open
 */
export async function openListeners(options: ReplayListenersOptions): Promise<ReplayListeners> {
  const { routes, tls, rings, responder, refuser, share, clock, clientTimeoutMs, relay, onError } = options
  const servers: RunningServer[] = []
  const answerers: ListenerAnswers[] = []
  const issuers = new Map<LiveRing, OpenIssuer>()
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()))
  }
  const renew = (): void => {
    for (const server of servers) server.renew()
  }
  try {
    for (const { listen, target } of listenersFor(routes, rings)) {
      const origin = target === undefined ? undefined : recordedOrigin(target, options)
      const passage = options.passage(target)
      const here: OpenIssuer[] = []
      const answerer = options.faulty(
        withIssuers(here, (otherwise) =>
          responder(origin, (request) => otherwise(request) ?? passage(request)),
        ),
        origin,
      )
      let url = ''
      const answer = options.observe(answerer, () => url, origin)
      const refused = refuser(origin)
      const refuse: OtherAnswerer = (request) => {
        const refusal = refused(request)
        if (refusal === undefined) return undefined
        const faulty = options.faulty(() => refusal, origin)
        return options.observe(faulty, () => url, origin)(request)
      }
      const number = servers.length
      const server = await serve({
        listen,
        tls,
        handler: (request) => answer(request).response,
        refuse: (request) => refuse(request)?.response,
        relay,
        clientTimeoutMs,
        onError,
        share: share && ((socket) => share(number, socket)),
      })
      answerers.push({ origin, answer, refuse, hasIssuers: () => here.length > 0 })
      servers.push(server)
      url = server.url
      for (const ring of rings.filter((one) => answersAt(one, listen, origin))) {
        const opened = issuers.get(ring) ?? openIssuer(ring, url, clock)
        issuers.set(ring, opened)
        here.push(opened)
      }
    }
    refuseUnserved(rings, issuers)
    return {
      urls: servers.map(({ url }) => url),
      issuers: [...issuers.values()],
      answerers,
      renew,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** @throws ResealError USAGE for a backend of which nothing was recorded */
function recordedOrigin(
  target: string,
  { backends, anyBackend }: Pick<ReplayListenersOptions, 'backends' | 'anyBackend'>,
): string {
  const { origin } = parseTarget(target)
  if (anyBackend || backends.includes(origin)) return origin
  throw new ResealError('USAGE', `The snapshot has no backend ${origin}`, {
    hint: backends.length === 0 ? 'It has no pair at all.' : `It recorded ${backends.join(', ')}.`,
  })
}

/** The replay's listeners, then those that issuers have for themselves. */
function listenersFor(
  routes: readonly ListenerRoute[],
  rings: readonly LiveRing[],
): readonly ListenerRoute[] {
  const own = new Set(rings.flatMap(({ definition }) => definition.listen ?? []))
  return [...routes, ...[...own].map((listen) => ({ listen, target: undefined }))]
}
