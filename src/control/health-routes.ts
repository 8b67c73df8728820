import { z } from 'zod'
import { route, type ControlRoute } from './control-route.ts'

/** Whether everything that was asked for is served. */
export interface Readiness {
  readonly ready: boolean
  /** Why not, a sentence each. */
  readonly reasons: readonly string[]
}

const LIVE = { name: 'Liveness', schema: z.strictObject({ live: z.literal(true) }) }
const READY = {
  name: 'Readiness',
  schema: z.strictObject({ ready: z.boolean(), reasons: z.array(z.string()) }),
}

export function healthRoutes(ready: () => Readiness): readonly ControlRoute[] {
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
  ]
}
