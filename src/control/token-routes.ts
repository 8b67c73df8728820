import { z } from 'zod'
import { ENDPOINTS } from '../issuer/endpoints/endpoints.ts'
import { TAMPERS } from '../issuer/tampers.ts'
import { route, routeWithContent, type ControlRoute } from './control-route.ts'
import { withIssuer, type ControlledIssuers } from './controlled-issuer.ts'
import { knownWord } from './known-word.ts'

const CENTURY_SECONDS = 100 * 365 * 86_400
const TAMPER = knownWord(TAMPERS)
const MINT = {
  name: 'Mint',
  schema: z.strictObject({
    claims: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'Claims to add to the usual ones, and to put in their place.' }),
    raw: z.boolean().optional().meta({ description: 'Signs `claims` as they are, nothing added.' }),
    ttlSeconds: z
      .int()
      .min(-CENTURY_SECONDS)
      .max(CENTURY_SECONDS)
      .optional()
      .meta({ description: 'Negative for a token that has expired.' }),
    clientId: z.string().optional(),
    user: z.string().optional().meta({ description: 'By sub, username or email.' }),
    scope: z.string().optional(),
    tamper: TAMPER.optional(),
  }),
}
const MINTED = { name: 'MintedToken', schema: z.strictObject({ token: z.string() }) }
const PRESETS = {
  name: 'TamperPresetList',
  schema: z.strictObject({
    tampers: z.array(
      z.strictObject({
        name: z.string(),
        does: z.string().meta({ description: 'What is wrong, in words that follow "a token that".' }),
      }),
    ),
  }),
}
const PLAN = {
  name: 'PlannedTamper',
  schema: z.strictObject({
    endpoint: knownWord(ENDPOINTS),
    tamper: TAMPER,
    count: z.int().min(1).max(1_000_000).default(1).meta({ description: 'How many tokens.' }),
    kind: z.enum(['access', 'id']).optional().meta({ description: 'Without it, tokens of both kinds.' }),
  }),
}

/** Tokens made by call, and tokens made wrong on purpose. */
export function tokenRoutes(issuers: ControlledIssuers): readonly ControlRoute[] {
  return [
    routeWithContent(
      {
        method: 'POST',
        path: '/v1/issuers/{issuer}/mint',
        operation: 'mintToken',
        summary: 'Makes an access token.',
        answers: { 200: { description: 'The token.', named: MINTED } },
      },
      { named: MINT, required: false },
      (ids, content) =>
        withIssuer(issuers, ids, async ({ issuer }) => ({
          status: 200,
          value: { token: await issuer.mint(content) },
        })),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/tampers',
        operation: 'listTamperPresets',
        summary: 'The ways for a token to be wrong on purpose.',
        answers: { 200: { description: 'All of them.', named: PRESETS } },
      },
      () => ({
        status: 200,
        value: { tampers: Object.entries(TAMPERS).map(([name, { does }]) => ({ name, does })) },
      }),
    ),
    routeWithContent(
      {
        method: 'POST',
        path: '/v1/issuers/{issuer}/tampers',
        operation: 'tamperNextTokens',
        summary: 'Makes the next tokens of an endpoint wrong; a reset of the issuer takes it back.',
        answers: { 201: { description: 'What is planned.', named: PLAN } },
      },
      { named: PLAN, required: true },
      (ids, planned) =>
        withIssuer(issuers, ids, ({ issuer }) => {
          issuer.tamperNext(planned)
          return { status: 201, value: planned }
        }),
    ),
  ]
}
