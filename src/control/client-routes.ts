import { z } from 'zod'
import { CLIENT_AUTH_METHODS, type ClientSettings } from '../issuer/settings.ts'
import { notFound, route, routeWithContent, type ControlRoute } from './control-route.ts'
import { withIssuer, type ControlledIssuers } from './controlled-issuer.ts'

const AUDIENCE = z.union([z.string(), z.array(z.string())])
const CLAIMS = z.record(z.string(), z.unknown())
const OPEN = {
  redirectUris: z.array(z.string()).optional(),
  postLogoutRedirectUris: z.array(z.string()).optional(),
  authMethod: z.enum(CLIENT_AUTH_METHODS).optional(),
  grants: z.array(z.string()).optional(),
  accessTokens: z.enum(['jwt', 'opaque']).optional(),
  audience: AUDIENCE.optional(),
  claims: CLAIMS.optional(),
}
/** What a client has besides its id. */
export const CLIENT_FIELDS = {
  secret: z.string().min(1).optional(),
  jwks: z
    .looseObject({ keys: z.array(CLAIMS) })
    .optional()
    .meta({ description: 'Its public keys.' }),
  ...OPEN,
}
const CLIENT = { name: 'Client', schema: z.strictObject(CLIENT_FIELDS) }
const CLIENT_VIEW = {
  name: 'ClientView',
  schema: z.strictObject({
    clientId: z.string(),
    hasSecret: z.boolean(),
    hasJwks: z.boolean(),
    ...OPEN,
  }),
}
const CLIENTS = {
  name: 'ClientList',
  schema: z.strictObject({ clients: z.array(CLIENT_VIEW.schema) }),
}

/** The clients of each issuer. Where there is none, every client is taken. */
export function clientRoutes(issuers: ControlledIssuers): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/issuers/{issuer}/clients',
        operation: 'listClients',
        summary: 'The clients, without their secrets.',
        answers: {
          200: { description: 'All of them; where there is none, every client is taken.', named: CLIENTS },
        },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer }) => ({
          status: 200,
          value: { clients: issuer.clients().map(clientView) },
        })),
    ),
    routeWithContent(
      {
        method: 'PUT',
        path: '/v1/issuers/{issuer}/clients/{client}',
        operation: 'putClient',
        summary: 'Adds a client, or puts it in the place of the one of its id.',
        answers: { 200: { description: 'As it is now.', named: CLIENT_VIEW } },
      },
      { named: CLIENT, required: true },
      (ids, settings) =>
        withIssuer(issuers, ids, ({ issuer }) => {
          const client = { ...settings, clientId: ids('client') }
          issuer.upsertClient(client)
          return { status: 200, value: clientView(client) }
        }),
    ),
    route(
      {
        method: 'DELETE',
        path: '/v1/issuers/{issuer}/clients/{client}',
        operation: 'deleteClient',
        summary: 'Removes a client.',
        answers: { 204: { description: 'Removed.' } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer }) =>
          issuer.removeClient(ids('client')) ? { status: 204 } : notFound('client of this id'),
        ),
    ),
  ]
}

/** Secrets and keys are told to be there and never shown. */
function clientView({ secret, jwks, ...open }: ClientSettings): object {
  return { ...open, hasSecret: secret !== undefined, hasJwks: jwks !== undefined }
}
