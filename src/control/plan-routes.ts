import { z } from 'zod'
import { ResealError } from '../core/errors.ts'
import type { ControlAnswer } from './control-answer.ts'
import type { ControlledReplay, PlanFacts } from './controlled-replay.ts'
import { route, type ControlRoute } from './control-route.ts'

const STEP = z.strictObject({
  step: z.string(),
  applied: z.number().meta({ description: 'Places where it did its work.' }),
  notFound: z.number().meta({ description: 'Pairs in which it had nothing to do.' }),
})
const PLAN = {
  name: 'Plan',
  schema: z.strictObject({
    revision: z.number().meta({
      description: '1 at the start, and one more for each good load and each pair that is recorded.',
    }),
    loadedAt: z.number().meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' }),
    snapshot: z.string().meta({ description: 'Its file.' }),
    files: z
      .array(z.strictObject({ path: z.string(), sha256: z.string().optional() }))
      .meta({ description: 'The transform document and the key files as they were read.' }),
    pairs: z.strictObject({ servable: z.number(), unservable: z.number() }),
    chains: z.array(
      z.strictObject({
        id: z.string(),
        matched: z.number().meta({ description: 'Pairs its filters let through.' }),
        steps: z.array(STEP),
      }),
    ),
    loads: z.strictObject({ good: z.number(), refused: z.number() }),
    refused: z
      .strictObject({
        at: z.number(),
        code: z.string(),
        message: z.string(),
        hint: z.string().optional(),
        file: z.string().optional(),
        line: z.number().optional(),
        column: z.number().optional(),
      })
      .optional()
      .meta({ description: 'Why what is there now is not served.' }),
  }),
}

/** The plan that serves, another in its place, and starting afresh. */
export function planRoutes(replay: ControlledReplay): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/plan',
        operation: 'getPlan',
        summary: 'What is served: revision, files and counts.',
        answers: { 200: { description: 'The plan that serves.', named: PLAN } },
      },
      () => ({ status: 200, value: planView(replay.plan(), replay) }),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/reload',
        operation: 'reload',
        summary:
          'Loads snapshot, transform document and secrets anew; what cannot be served changes nothing.',
        answers: {
          200: { description: 'The plan that serves from now on.', named: PLAN },
          422: { description: 'Why what is there cannot be served; the plan before it still is.' },
        },
      },
      () => loaded(replay),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/reset',
        operation: 'reset',
        summary:
          'Begins every sequence anew, forgets the journal and the misses, and lets faults count anew. Coverage stays.',
        answers: { 204: { description: 'Forgotten.' } },
      },
      async () => {
        await replay.reset()
        return { status: 204 }
      },
    ),
  ]
}

async function loaded(replay: ControlledReplay): Promise<ControlAnswer> {
  try {
    return { status: 200, value: planView(await replay.reload(), replay) }
  } catch (error) {
    // What is wrong with the files is an answer, not a failure of the API.
    if (!(error instanceof ResealError)) throw error
    const { code, message, hint, place } = error
    return { status: 422, value: { error: { code, message, hint, ...place } } }
  }
}

function planView(facts: PlanFacts, replay: ControlledReplay): z.output<typeof PLAN.schema> {
  const { revision, loadedAt, snapshot, files, chains, loads, refused } = facts
  const { pairs, unservable } = replay.coverage()
  return {
    revision,
    loadedAt,
    snapshot,
    files: files.map(({ path, sha256 }) => ({ path, sha256 })),
    pairs: { servable: pairs, unservable: unservable.length },
    chains: chains.map(({ id, matched, steps }) => ({
      id,
      matched,
      steps: steps.map(({ step, applied, notFound }) => ({ step, applied, notFound })),
    })),
    loads: { ...loads },
    ...(refused === undefined ? {} : { refused: refusedView(refused) }),
  }
}

function refusedView({ at, error }: NonNullable<PlanFacts['refused']>) {
  const { code, message, hint, place } = error
  return { at, code, message, hint, ...place }
}
