import { z } from 'zod'
import { VALUE_KIND_NAMES } from '../../core/value-kind.ts'
import { JSON_PATH } from '../json-path/json-path-schema.ts'
import { FILTERS, HOST_GLOB, METHOD, oneOrMany } from './filter-schema.ts'

const NAME = z.string().min(1, 'must not be empty')

const HEADER_NAME = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name')
  .transform((name) => name.toLowerCase())
  .meta({ examples: ['Accept-Language'] })

/** In each segment at most one name in braces; perhaps a slash in braces at the end. */
const PATH_TEMPLATE = z
  .string()
  .regex(/^\//, 'must begin with /')
  .regex(/\{[^{}/]*\}|\{\/\}$/, 'has no {name} in it')
  .regex(
    /^(?:\/[^{}/]*(?:\{[^{}/]*\}[^{}/]*)?)+(?:\{\/\})?$/,
    'must have at most one {name} in each segment, and {/} at its end only',
  )
  .meta({ examples: ['/users/{id}/orders/{order}'] })

const KIND = z.enum(VALUE_KIND_NAMES).meta({ examples: ['uuid', 'timestamp'] })

const IGNORE = z
  .strictObject({
    query: oneOrMany(NAME)
      .default([])
      .describe('Query parameters.')
      .meta({ examples: [['ts', 'nonce']] }),
    headers: oneOrMany(HEADER_NAME)
      .default([])
      .describe('Header fields that match.headers makes count for other requests.'),
    form: oneOrMany(NAME)
      .default([])
      .describe('Fields of urlencoded bodies.')
      .meta({ examples: [['nonce']] }),
    json: oneOrMany(JSON_PATH)
      .default([])
      .describe('JSON paths into the body.')
      .meta({ examples: [['$.requestId']] }),
    parts: oneOrMany(NAME)
      .default([])
      .describe('Parts of multipart bodies, by name.')
      .meta({ examples: [['timestamp']] }),
    path: oneOrMany(PATH_TEMPLATE)
      .default([])
      .describe('Paths of which the segments in braces do not count; {/} at the end is a slash or nothing.')
      .meta({ examples: [['/users/{id}', '/items{/}']] }),
    method: oneOrMany(METHOD)
      .default([])
      .describe('Methods that are all the same.')
      .meta({ examples: [['GET', 'HEAD']] }),
    host: oneOrMany(HOST_GLOB)
      .default([])
      .describe(
        'Backends whose answers are given at the listeners of other backends too, where those have none.',
      )
      .meta({ examples: [['login.example.com']] }),
    kinds: oneOrMany(KIND)
      .default([])
      .describe('Kinds of value that are all the same, wherever one is.')
      .meta({ examples: [['uuid', 'timestamp']] }),
  })
  .describe('Parts of a request that do not count.')

const HEADERS = oneOrMany(HEADER_NAME)
  .default([])
  .describe('Header fields that count as well.')
  .meta({ examples: [['accept-language']] })

const SEQUENCE = z
  .enum(['last', 'loop', 'once', 'causal'])
  .describe(
    'What follows the last of several recorded answers: it again, the first, a miss; causal goes by the writes so far.',
  )

const SESSION = z
  .string()
  .regex(
    /^(?:none|connection|(?:cookie|header|jwt) [^\s]+)$/,
    'must be none, connection, cookie NAME, header NAME or jwt CLAIM',
  )
  .transform(readSession)
  .meta({ examples: ['none', 'connection', 'cookie sid', 'header X-Test-Id', 'jwt sub'] })

const FILTERS_OF_REQUESTS = FILTERS.pick({ method: true, path: true, host: true }).describe(
  'Which requests the rule is for. Everything given must agree; a list agrees by any entry.',
)

const NOTHING = IGNORE.parse({})

const RULE = z
  .strictObject({
    filters: FILTERS_OF_REQUESTS,
    ignore: IGNORE.default(NOTHING),
    headers: HEADERS,
    sequence: z.exactOptional(SEQUENCE),
  })
  .meta({ examples: [{ filters: { path: '/poll' }, sequence: 'loop' }] })

/** `match`: what makes two requests the same, and which answer follows which. */
export const MATCH = z
  .strictObject({
    ignore: IGNORE.default(NOTHING),
    headers: HEADERS,
    session: SESSION.default({ by: 'none' }).describe('What tells one client from another, for repeats.'),
    sequence: SEQUENCE.default('last'),
    subject: z
      .enum(['prefer', 'require', 'ignore'])
      .default('prefer')
      .describe('Whether an answer recorded for the same user goes first, alone, or like any other.'),
    authorize: z
      .boolean()
      .default(false)
      .describe('Whether bearer tokens are verified, and refused with 401 as the backend would.'),
    miss: z
      .strictObject({
        status: z
          .int('must be a whole number')
          .min(400, 'must be 400 or more')
          .max(599, 'must be 599 or less')
          .default(404)
          .describe('Status of the answer to a request that nothing answers.')
          .meta({ examples: [501] }),
      })
      .default({ status: 404 })
      .describe('What a request gets that nothing answers.'),
    rules: z
      .array(RULE)
      .default([])
      .describe('More of ignore, headers and sequence, for some requests only.'),
  })
  .describe('What makes two requests the same question.')

/** The `match` of a document that has none. */
export const DEFAULT_MATCH = MATCH.parse({})

type Session =
  | { readonly by: 'none' | 'connection' }
  | { readonly by: 'cookie' | 'header' | 'jwt'; readonly name: string }

function readSession(text: string): Session {
  const [by = '', name = ''] = text.split(' ')
  if (by === 'cookie' || by === 'header' || by === 'jwt') return { by, name }
  return { by: by === 'connection' ? by : 'none' }
}
