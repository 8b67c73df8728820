import { z } from 'zod'
import { route, type ControlRoute } from './control-route.ts'
import { withIssuer, type ControlledIssuer, type ControlledIssuers } from './controlled-issuer.ts'

const ISSUER = {
  name: 'Issuer',
  schema: z.strictObject({
    name: z.string().meta({ description: 'As it is named in paths.' }),
    issuer: z.string().meta({ description: 'Its URL, `iss` of its tokens.' }),
    algs: z.array(z.string()),
    accessTokenSeconds: z.number(),
  }),
}
const ISSUERS = { name: 'IssuerList', schema: z.strictObject({ issuers: z.array(ISSUER.schema) }) }
const COUNTERS = {
  name: 'Counters',
  schema: z.strictObject({
    requests: z
      .record(z.string(), z.number())
      .meta({ description: 'By endpoint; endpoints that were never asked are not here.' }),
    jwksFetches: z.array(
      z.strictObject({
        address: z.string().optional(),
        userAgent: z.string().optional(),
        count: z.number(),
      }),
    ),
  }),
}

/** What issuers there are, what was asked of them, and starting afresh. */
export function issuerRoutes(issuers: ControlledIssuers): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/issuers',
        operation: 'listIssuers',
        summary: 'The issuers.',
        answers: { 200: { description: 'All of them.', named: ISSUERS } },
      },
      () => ({
        status: 200,
        value: { issuers: [...issuers].map(([name, controlled]) => issuerView(name, controlled)) },
      }),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/issuers/{issuer}',
        operation: 'getIssuer',
        summary: 'One issuer.',
        answers: { 200: { description: 'What it is.', named: ISSUER } },
      },
      (ids) =>
        withIssuer(issuers, ids, (controlled) => ({
          status: 200,
          value: issuerView(ids('issuer'), controlled),
        })),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/issuers/{issuer}/counters',
        operation: 'getCounters',
        summary: 'What was asked since the start or the last reset, JWKS fetches by client.',
        answers: { 200: { description: 'The counts.', named: COUNTERS } },
      },
      (ids) => withIssuer(issuers, ids, ({ issuer }) => ({ status: 200, value: issuer.counters })),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/issuers/{issuer}/reset',
        operation: 'resetIssuer',
        summary:
          'Forgets counters, codes, grants, sessions, revocations and planned tampers. Clients, users, keys and faults stay.',
        answers: { 204: { description: 'Forgotten.' } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer }) => {
          issuer.reset()
          return { status: 204 }
        }),
    ),
  ]
}

function issuerView(name: string, { issuer }: ControlledIssuer): z.output<typeof ISSUER.schema> {
  const { issuer: url, accessTokenSeconds } = issuer.settings
  return { name, issuer: url, algs: [...issuer.ring.algs], accessTokenSeconds }
}
