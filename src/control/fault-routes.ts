import { z } from 'zod'
import type { SetFault } from '../core/fault-book.ts'
import type { FaultDefinition } from '../issuer/faults.ts'
import { notFound, route, routeWithContent, type ControlRoute } from './control-route.ts'
import { withIssuer, type ControlledIssuers } from './controlled-issuer.ts'
import { FAULT_SCHEMA } from './fault-definition.ts'

const FAULT = { name: 'Fault', schema: FAULT_SCHEMA }
const SET_FAULT = {
  name: 'SetFault',
  schema: z.strictObject({
    id: z.string(),
    fault: FAULT_SCHEMA,
    setAt: z.number().meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' }),
    happened: z.number().meta({ description: 'How many times.' }),
  }),
}
const FAULTS = { name: 'FaultList', schema: z.strictObject({ faults: z.array(SET_FAULT.schema) }) }
const CLEARED = { name: 'ClearedFaults', schema: z.strictObject({ cleared: z.number() }) }

/** What goes wrong on purpose at the endpoints of each issuer. */
export function faultRoutes(issuers: ControlledIssuers): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/issuers/{issuer}/faults',
        operation: 'listFaults',
        summary: 'The faults that are set, and how often each has happened.',
        answers: { 200: { description: 'In the order in which they were set.', named: FAULTS } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ faults }) => ({
          status: 200,
          value: { faults: faults.list().map(faultView) },
        })),
    ),
    routeWithContent(
      {
        method: 'POST',
        path: '/v1/issuers/{issuer}/faults',
        operation: 'setFault',
        summary: 'Sets a fault beside those already set.',
        answers: { 201: { description: 'The fault and its id.', named: SET_FAULT } },
      },
      { named: FAULT, required: true },
      (ids, fault) =>
        withIssuer(issuers, ids, ({ faults }) => {
          const id = faults.set(fault)
          return {
            status: 201,
            value: faults
              .list()
              .filter((set) => set.id === id)
              .map(faultView)[0],
          }
        }),
    ),
    route(
      {
        method: 'DELETE',
        path: '/v1/issuers/{issuer}/faults/{fault}',
        operation: 'clearFault',
        summary: 'Takes a fault back.',
        answers: { 204: { description: 'Taken back.' } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ faults }) =>
          faults.clear(ids('fault')) === 1 ? { status: 204 } : notFound('fault of this id'),
        ),
    ),
    route(
      {
        method: 'DELETE',
        path: '/v1/issuers/{issuer}/faults',
        operation: 'clearFaults',
        summary: 'Takes all faults back.',
        answers: { 200: { description: 'How many there were.', named: CLEARED } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ faults }) => ({ status: 200, value: { cleared: faults.clear() } })),
    ),
  ]
}

function faultView({
  id,
  definition,
  setAt,
  happened,
}: SetFault<FaultDefinition>): z.output<typeof SET_FAULT.schema> {
  return { id, fault: definition, setAt, happened }
}
