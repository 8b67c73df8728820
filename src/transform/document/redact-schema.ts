import { z } from 'zod'
import { JSON_PATH } from '../json-path/json-path-schema.ts'
import { oneOrMany } from './filter-schema.ts'

const NAME = z.string().min(1, 'must not be empty')
const names = (example: string) => z.exactOptional(oneOrMany(NAME)).meta({ examples: [[example]] })
const part = z.exactOptional(z.boolean())

const PARTS = z.strictObject({
  jwt: part.describe('Signatures of JWTs; header and claims always stay.'),
  basic: part.describe('Credentials of the scheme Basic.'),
  bearer: part.describe('Credentials of every other scheme, unless they are JWTs.'),
  apiKeys: part.describe('Header fields known to hold keys, such as X-Api-Key.'),
  cookies: z
    .exactOptional(z.union([z.boolean(), z.array(NAME)]))
    .describe('Values of cookies: of all, of none, or of those with these names.')
    .meta({ examples: [['session']] }),
  names: part.describe('Members, fields and parameters known to hold secrets, such as client_secret.'),
  privateKeys: part.describe('Private keys in PEM and in JWKs.'),
  userinfo: part.describe('User and password in URLs.'),
  paths: z
    .exactOptional(oneOrMany(JSON_PATH))
    .describe('JSON paths into bodies.')
    .meta({ examples: [['$..card.number']] }),
  headers: names('X-Pin').describe('Header fields.'),
  query: names('key').describe('Query parameters.'),
  form: names('pin').describe('Form fields.'),
  patterns: names('iban=(\\w+)').describe(
    'Expressions in the syntax of RE2; their first group, or all they match, is redacted wherever it is.',
  ),
  except: names('theme').describe('Names of fields, cookies, members and parameters that stay.'),
})

/** `redact`: what of a recording is not stored as it was. */
export const REDACT = z
  .union([z.enum(['on', 'off']), z.boolean(), PARTS])
  .describe('What is taken out of a recording before it is stored, and not compared in requests.')
  .meta({ examples: ['off', { cookies: ['session'], headers: ['X-Pin'] }] })

/** What a user wrote of it. */
export type RedactWords = z.output<typeof REDACT>
