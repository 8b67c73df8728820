import { z } from 'zod'
import { epochSeconds, type Clock } from '../core/time.ts'
import type { RingKey } from '../keys/ring/key-ring.ts'
import { route, routeWithContent, type ControlRoute } from './control-route.ts'
import { withIssuer, type ControlledIssuers } from './controlled-issuer.ts'

const MOMENT = z.number().meta({ description: 'Seconds since 1970-01-01T00:00:00Z.' })
const KEY = {
  name: 'Key',
  schema: z.strictObject({
    kid: z.string(),
    alg: z.string(),
    state: z.enum(['next', 'active', 'retiring', 'expired']),
    publishedAt: MOMENT,
    activeAt: MOMENT,
    retiresAt: MOMENT.optional(),
    leavesAt: MOMENT.optional(),
  }),
}
const KEYS = {
  name: 'KeyList',
  schema: z.strictObject({ now: MOMENT, keys: z.array(KEY.schema) }),
}
const ROTATION = {
  name: 'Rotation',
  schema: z.strictObject({
    leadSeconds: z
      .int()
      .min(0)
      .max(10 * 365 * 86_400)
      .optional()
      .meta({
        description:
          'How long the key is published before it signs; 0 is at once, which some clients refuse. Default: as configured.',
      }),
  }),
}

/** The key ring of each issuer: what is in it, rotating, expiring. Private keys never leave it. */
export function keyRoutes(issuers: ControlledIssuers, clock: Clock): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/issuers/{issuer}/keys',
        operation: 'listKeys',
        summary: 'The keys and their states as of now.',
        answers: { 200: { description: 'In order of arrival within each alg.', named: KEYS } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer: { ring } }) => {
          const now = epochSeconds(clock())
          return { status: 200, value: { now, keys: ring.keys(now).map(keyView) } }
        }),
    ),
    routeWithContent(
      {
        method: 'POST',
        path: '/v1/issuers/{issuer}/rotate',
        operation: 'rotateKeys',
        summary: 'Publishes the next key, which signs after the lead.',
        answers: { 201: { description: 'The (first) next key.', named: KEY } },
      },
      { named: ROTATION, required: false },
      (ids, { leadSeconds }) =>
        withIssuer(issuers, ids, async ({ issuer: { ring } }) => {
          const key = await ring.rotate(
            epochSeconds(clock()),
            leadSeconds === undefined ? {} : { leadSeconds },
          )
          return { status: 201, value: keyView(key) }
        }),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/issuers/{issuer}/keys/{kid}/expire',
        operation: 'expireKey',
        summary: 'Takes a key out of the JWKS now; if it is the one that signs, the next one signs at once.',
        answers: { 204: { description: 'It has left the JWKS.' } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer: { ring } }) => {
          ring.expire(ids('kid'), epochSeconds(clock()))
          return { status: 204 }
        }),
    ),
  ]
}

function keyView(key: RingKey): z.output<typeof KEY.schema> {
  const { kid, alg, state, publishedAt, activeAt, retiresAt, leavesAt } = key
  return { kid, alg, state, publishedAt, activeAt, retiresAt, leavesAt }
}
