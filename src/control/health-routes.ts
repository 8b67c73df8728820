import { z } from 'zod'
import { route, type ControlRoute } from './control-route.ts'
import type { metricsOf } from './metrics.ts'

/** Whether everything that was asked for is served. */
export interface Readiness {
  readonly ready: boolean
  /** Why not, or what is amiss although everything is served; a sentence each. */
  readonly reasons: readonly string[]
  /** How many serve; left out where nothing is replayed. */
  readonly processes?: number
}

const LIVE = { name: 'Liveness', schema: z.strictObject({ live: z.literal(true) }) }
const READY = {
  name: 'Readiness',
  schema: z.strictObject({
    ready: z.boolean(),
    reasons: z.array(z.string()),
    processes: z.number().optional().meta({ description: 'How many serve a replay.' }),
  }),
}

/** Whether there is anything to ask, and how it is doing. */
export function healthRoutes(
  ready: () => Readiness,
  metrics: ReturnType<typeof metricsOf>,
): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/live',
        operation: 'live',
        summary: 'Whether the process answers at all.',
        answers: { 200: { description: 'It does.', named: LIVE } },
      },
      () => ({ status: 200, value: { live: true } }),
    ),
    route(
      {
        method: 'GET',
        path: '/ready',
        operation: 'ready',
        summary: 'Whether everything is served, and if not, why.',
        answers: {
          200: { description: 'Everything is served.', named: READY },
          503: { description: 'Something is not.', named: READY },
        },
      },
      () => {
        const readiness = ready()
        return { status: readiness.ready ? 200 : 503, value: readiness }
      },
    ),
    route(
      {
        method: 'GET',
        path: '/metrics',
        operation: 'getMetrics',
        summary: 'Counts for Prometheus.',
        answers: { 200: { description: 'Text format 0.0.4.', type: 'text/plain' } },
      },
      async () => ({ status: 200, text: await metrics() }),
    ),
  ]
}
