import { z } from 'zod'
import type { SetFault } from '../core/fault-book.ts'
import { REPLAY_FAULT, type ReplayFaultDefinition } from '../transform/document/fault-schema.ts'
import type { ControlledReplay } from './controlled-replay.ts'
import { notFound, route, routeWithContent, type ControlRoute } from './control-route.ts'

const FAULT = { name: 'ReplayFault', schema: REPLAY_FAULT }
const SET_FAULT = {
  name: 'SetReplayFault',
  schema: z.strictObject({
    id: z.string(),
    fault: REPLAY_FAULT,
    setAt: z.number().meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' }),
    happened: z.number().meta({ description: 'How many times.' }),
  }),
}
const FAULTS = { name: 'ReplayFaultList', schema: z.strictObject({ faults: z.array(SET_FAULT.schema) }) }
const CLEARED = { name: 'ClearedReplayFaults', schema: z.strictObject({ cleared: z.number() }) }

/** What goes wrong on purpose with the answers of the replay. */
export function replayFaultRoutes({ faults }: ControlledReplay): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/faults',
        operation: 'listReplayFaults',
        summary:
          'The faults of the replay, those of the transform document too, and how often each happened.',
        answers: { 200: { description: 'In the order in which they were set.', named: FAULTS } },
      },
      () => ({ status: 200, value: { faults: faults.list().map(faultView) } }),
    ),
    routeWithContent(
      {
        method: 'POST',
        path: '/v1/faults',
        operation: 'setReplayFault',
        summary: 'Sets a fault beside those already set.',
        answers: { 201: { description: 'The fault and its id.', named: SET_FAULT } },
      },
      { named: FAULT, required: true },
      (_ids, fault) => {
        const id = faults.set(fault)
        const set = faults.list().find((one) => one.id === id)
        return { status: 201, value: set && faultView(set) }
      },
    ),
    route(
      {
        method: 'DELETE',
        path: '/v1/faults/{fault}',
        operation: 'clearReplayFault',
        summary: 'Takes a fault back.',
        answers: { 204: { description: 'Taken back.' } },
      },
      (ids) => (faults.clear(ids('fault')) === 1 ? { status: 204 } : notFound('fault of this id')),
    ),
    route(
      {
        method: 'DELETE',
        path: '/v1/faults',
        operation: 'clearReplayFaults',
        summary: 'Takes all faults back, those of the transform document too.',
        answers: { 200: { description: 'How many there were.', named: CLEARED } },
      },
      () => ({ status: 200, value: { cleared: faults.clear() } }),
    ),
  ]
}

function faultView({ id, definition, setAt, happened }: SetFault<ReplayFaultDefinition>): object {
  return { id, fault: definition, setAt, happened }
}
