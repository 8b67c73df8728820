import type { HttpRequest } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import type { NearMiss } from '../match/near-miss.ts'
import { createPlan, type Coverage } from '../respond/plan.ts'
import { createResponder } from '../respond/responder.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { matchRules } from './match-rules.ts'
import type { RunningServer } from '../wire/listener.ts'
import { serve } from '../wire/server.ts'
import { parseTarget } from '../wire/target.ts'
import { loadSnapshot, type TransformSources } from './transforms.ts'
import type { ListenerRoute } from './routes.ts'

export interface ReplayOptions extends TransformSources {
  readonly routes: readonly ListenerRoute[]
  readonly clock: Clock
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
  readonly onHit: (request: HttpRequest, pair: PairId) => void
  readonly onMiss: (request: HttpRequest, near: readonly NearMiss[]) => void
  /** Told of a request that could not be answered for a reason of reseal's own. */
  readonly onError: (error: unknown) => void
}

export interface Replay {
  readonly urls: readonly string[]
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
  const { reader, document, transforms, untransformed } = loadSnapshot(options)
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
  try {
    const { clock, cacheBytes } = options
    const plan = createPlan({ pairs: reader, transforms, rules, clock, cacheBytes })
    for (const { listen, target } of options.routes) {
      const origin = target === undefined ? undefined : parseTarget(target).origin
      const handler = createResponder(plan, origin, events)
      servers.push(await serve({ listen, handler, onError: options.onError }))
    }
    return {
      urls: servers.map(({ url }) => url),
      transforms,
      untransformed,
      coverage: plan.coverage,
      stop: async () => {
        await Promise.all(servers.map((server) => server.close()))
        reader.close()
        return { ...counts, coverage: plan.coverage(), transforms }
      },
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()))
    reader.close()
    throw error
  }
}
