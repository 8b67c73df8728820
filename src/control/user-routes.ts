import { z } from 'zod'
import type { UserSettings } from '../issuer/settings.ts'
import { notFound, route, routeWithContent, type ControlRoute } from './control-route.ts'
import { withIssuer, type ControlledIssuers } from './controlled-issuer.ts'

const OPEN = {
  email: z.string().optional(),
  username: z.string().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
}
/** What a user has besides `sub`. */
export const USER_FIELDS = {
  password: z.string().optional().meta({ description: 'Without it every password is taken.' }),
  ...OPEN,
}
const USER = { name: 'User', schema: z.strictObject(USER_FIELDS) }
const USER_VIEW = {
  name: 'UserView',
  schema: z.strictObject({ sub: z.string().optional(), hasPassword: z.boolean(), ...OPEN }),
}
const USERS = { name: 'UserList', schema: z.strictObject({ users: z.array(USER_VIEW.schema) }) }

/** The users of each issuer. Where there is none, every user is taken. */
export function userRoutes(issuers: ControlledIssuers): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/issuers/{issuer}/users',
        operation: 'listUsers',
        summary: 'The users, without their passwords.',
        answers: {
          200: { description: 'All of them; where there is none, every user is taken.', named: USERS },
        },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer }) => ({
          status: 200,
          value: { users: issuer.users().map(userView) },
        })),
    ),
    routeWithContent(
      {
        method: 'PUT',
        path: '/v1/issuers/{issuer}/users/{sub}',
        operation: 'putUser',
        summary: 'Adds a user, or puts them in the place of the one of this sub.',
        answers: { 200: { description: 'As they are now.', named: USER_VIEW } },
      },
      { named: USER, required: true },
      (ids, settings) =>
        withIssuer(issuers, ids, ({ issuer }) => {
          const user = { ...settings, sub: ids('sub') }
          issuer.upsertUser(user)
          return { status: 200, value: userView(user) }
        }),
    ),
    route(
      {
        method: 'DELETE',
        path: '/v1/issuers/{issuer}/users/{sub}',
        operation: 'deleteUser',
        summary: 'Removes a user, named by sub, username or email.',
        answers: { 204: { description: 'Removed.' } },
      },
      (ids) =>
        withIssuer(issuers, ids, ({ issuer }) =>
          issuer.removeUser(ids('sub')) ? { status: 204 } : notFound('user of this name'),
        ),
    ),
  ]
}

function userView({ password, ...open }: UserSettings): object {
  return { ...open, hasPassword: password !== undefined }
}
