import { ResealError } from '../core/errors.ts'
import type { Handler, HttpRequest } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { NearMiss } from '../match/near-miss.ts'
import { createPlan, type Coverage } from '../respond/plan.ts'
import { createResponder } from '../respond/responder.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { serveControl } from './control.ts'
import { matchRules } from './match-rules.ts'
import { answerOf, openIssuer, type LiveRing, type OpenIssuer } from './open-issuer.ts'
import type { RunningServer } from '../wire/listener.ts'
import { serve } from '../wire/server.ts'
import { parseTarget } from '../wire/target.ts'
import { loadSnapshot, type TransformSources } from './transforms.ts'
import type { ListenerRoute } from './routes.ts'

export interface ReplayOptions extends TransformSources {
  readonly routes: readonly ListenerRoute[]
  /** Where the control API listens; undefined for none. */
  readonly control: string | undefined
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
  readonly onHit: (request: HttpRequest, pair: PairId) => void
  readonly onMiss: (request: HttpRequest, near: readonly NearMiss[]) => void
  /** Told of a request that could not be answered for a reason of reseal's own. */
  readonly onError: (error: unknown) => void
}

export interface Replay {
  readonly urls: readonly string[]
  /** The issuers that answer beside the recording. */
  readonly issuers: readonly OpenIssuer[]
  readonly control: { readonly url: string; readonly token: string | undefined } | undefined
  readonly transforms: CompiledTransforms
  /** There was no transform document: every response is served as recorded. */
  readonly untransformed: boolean
  /** Pairs that can be served, and those that cannot. */
  readonly coverage: () => Coverage
  stop(): Promise<ReplaySummary>
}

export interface ReplaySummary {
  readonly hits: number
  readonly misses: number
  readonly coverage: Coverage
  readonly transforms: CompiledTransforms
}

/**
 * Serves a snapshot. Everything is compiled before the first listener opens.
 * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*, ADDRESS_*, USAGE
 */
export async function replay(options: ReplayOptions): Promise<Replay> {
  const { reader, document, transforms, rings, untransformed, close } = await loadSnapshot(options)
  const rules = matchRules(document)
  const servers: RunningServer[] = []
  const counts = { hits: 0, misses: 0 }
  const events = {
    hit: (request: HttpRequest, pair: PairId) => {
      counts.hits += 1
      options.onHit(request, pair)
    },
    miss: (request: HttpRequest, near: readonly NearMiss[]) => {
      counts.misses += 1
      options.onMiss(request, near)
    },
  }
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()))
    close()
  }
  try {
    const { clock, cacheBytes, routes, onError } = options
    const plan = createPlan({ pairs: reader, transforms, rules, clock, cacheBytes })
    const issuers = new Map<LiveRing, OpenIssuer>()
    const urls: string[] = []
    for (const { listen, target } of listenersFor(routes, rings)) {
      const origin = target === undefined ? undefined : recordedOrigin(target, plan.coverage())
      const here: OpenIssuer[] = []
      const handler = withIssuers(here, (otherwise) => createResponder(plan, origin, events, otherwise))
      const server = await serve({ listen, handler, onError })
      servers.push(server)
      urls.push(server.url)
      for (const ring of rings.filter((one) => answersAt(one, listen, origin))) {
        const opened = issuers.get(ring) ?? openIssuer(ring, server.url, clock)
        issuers.set(ring, opened)
        here.push(opened)
      }
    }
    refuseUnserved(rings, issuers)
    const control =
      options.control === undefined
        ? undefined
        : await serveControl(options.control, [...issuers.values()], options)
    if (control !== undefined) servers.push(control.server)
    return {
      urls,
      issuers: [...issuers.values()],
      control: control && { url: control.server.url, token: control.token },
      transforms,
      untransformed,
      coverage: plan.coverage,
      stop: async () => {
        await stop()
        return { ...counts, coverage: plan.coverage(), transforms }
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @throws ResealError USAGE for a backend of which nothing was recorded */
function recordedOrigin(target: string, { backends }: Coverage): string {
  const { origin } = parseTarget(target)
  if (backends.includes(origin)) return origin
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

/**
 * An issuer answers at its own listener; without one, where its backend is replayed, or everywhere if the listener
 * stands for all backends or the issuer has no URL to tell by.
 */
function answersAt({ definition }: LiveRing, listen: string, origin: string | undefined): boolean {
  if (definition.listen !== undefined) return definition.listen === listen
  return (
    origin === undefined || definition.issuer === undefined || new URL(definition.issuer).origin === origin
  )
}

/** @throws ResealError CONFIG_INVALID for an issuer whose backend has no listener */
function refuseUnserved(rings: readonly LiveRing[], issuers: ReadonlyMap<LiveRing, OpenIssuer>): void {
  const unserved = rings.find((ring) => !issuers.has(ring))
  if (unserved === undefined) return
  throw new ResealError(
    'CONFIG_INVALID',
    `No listener of the replay stands for the backend of issuer ${unserved.name}`,
    {
      hint: 'Map one to it with --map LISTEN=URL, or give the issuer a listen: of its own.',
    },
  )
}

/** Where clients learn of an issuer and its keys: what was recorded there is not true any more. */
const LIVE_PATHS =
  /\/(?:\.well-known\/(?:openid-configuration|oauth-authorization-server|jwks\.json)|jwks(?:\.json)?)(?:\/|$)/

/** Metadata and keys are the issuers' own; else the recording answers first, and an issuer what was not recorded. */
function withIssuers(
  issuers: readonly OpenIssuer[],
  responder: (otherwise: (request: HttpRequest) => ReturnType<Handler> | undefined) => Handler,
): Handler {
  const byIssuers = (request: HttpRequest): ReturnType<Handler> | undefined => answerOf(issuers, request)
  const recorded = responder(byIssuers)
  return (request) => {
    const live = issuers.length > 0 && LIVE_PATHS.test(request.target.split('?', 1)[0] ?? '')
    return (live ? byIssuers(request) : undefined) ?? recorded(request)
  }
}
