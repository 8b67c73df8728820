import { z } from 'zod'
import { EXTRACTORS } from '../extractors/extractor-table.ts'
import { REPLAY_FAULT } from './fault-schema.ts'
import { FILTERS, WHEN } from './filter-schema.ts'
import { DEFAULT_MATCH, MATCH } from './match-schema.ts'
import { jsonSchemaOf } from './schema-complaint.ts'
import { SPEEDSCALE_FILTERS } from './speedscale-filters.ts'
import { STEPS } from '../steps/step-table.ts'
import { REDACT } from './redact-schema.ts'

const NAME = z.string().min(1, 'must not be empty')

/** A document whose chains are yet to be read. */
export const DOCUMENT_SHELL = documentSchema(
  z
    .record(z.string(), z.unknown())
    .meta({ examples: [{ extractor: 'http_res_body', transforms: ['jwt_resign'] }] }),
)

/** A chain whose filters, extractor and steps are yet to be read. */
export const CHAIN_SHELL = chainSchema({
  filters: z.record(z.string(), z.unknown()),
  when: WHEN,
  extractor: z.union([z.string(), z.record(z.string(), z.unknown())]),
  step: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .meta({ examples: [{ json_path: 'access_token' }, 'jwt_resign'] }),
})

/** JSON Schema (draft 2020-12) of a transform document in both spellings, as editors use it. */
export function transformJsonSchema(): Readonly<Record<string, unknown>> {
  const chain = chainSchema({
    filters: z.union([FILTERS, SPEEDSCALE_FILTERS]),
    when: WHEN,
    extractor: memberUnion(Object.values(EXTRACTORS)),
    step: memberUnion(Object.values(STEPS)),
  })
  const { $schema, ...schema } = jsonSchemaOf(documentSchema(chain), 'ref')
  return { $schema, title: 'reseal transform document', ...schema }
}

function documentSchema<C extends z.ZodType>(chain: C) {
  return z
    .strictObject({
      $schema: z.exactOptional(z.string()).describe('Where editors find this schema.'),
      version: z
        .literal(1)
        .default(1)
        .describe('Version of this format.')
        .meta({ examples: [1] }),
      id: z
        .exactOptional(z.string())
        .describe("Speedscale's name of the document; reseal goes by the file's."),
      issuers: z
        .exactOptional(z.record(z.string(), z.unknown()))
        .describe('Identity providers that reseal is beside the replay, by name; jwt_resign can sign as one.')
        .meta({ examples: [{ main: { issuer: 'https://login.example.com' } }] }),
      match: MATCH.default(DEFAULT_MATCH),
      redact: z.exactOptional(REDACT),
      faults: z
        .array(REPLAY_FAULT)
        .max(100, 'must not have more than 100 faults')
        .default([])
        .describe('What goes wrong with answers on purpose.')
        .meta({ examples: [[{ kind: 'delay', delayMs: 250 }]] }),
      responder: z
        .array(chain)
        .default([])
        .describe('Chains, run in this order on every recorded response.')
        .meta({ examples: [[{ extractor: 'http_res_body', transforms: ['jwt_resign'] }]] }),
    })
    .describe('How reseal changes recorded responses when it replays them.')
    .meta({ examples: [{ version: 1, responder: [] }] })
}

interface ChainParts<F, W, E, S> {
  readonly filters: F
  readonly when: W
  readonly extractor: E
  readonly step: S
}

function chainSchema<F extends z.ZodType, W extends z.ZodType, E extends z.ZodType, S extends z.ZodType>(
  parts: ChainParts<F, W, E, S>,
) {
  return z.strictObject({
    id: z
      .exactOptional(NAME)
      .describe('Name of the chain in messages.')
      .meta({ examples: ['login'] }),
    filters: z.exactOptional(parts.filters),
    when: z.exactOptional(parts.when),
    require: z
      .exactOptional(z.literal(true))
      .describe('Applying nowhere is an error when the document is loaded.')
      .meta({ examples: [true] }),
    extractor: parts.extractor
      .describe('Where in the response the chain begins.')
      .meta({ examples: ['http_res_body', { http_res_header: 'Set-Cookie' }] }),
    transforms: z
      .array(parts.step)
      .min(1, 'must not be empty')
      .describe('Steps, in order.')
      .meta({ examples: [[{ json_path: 'access_token' }, 'jwt_resign']] }),
  })
}

interface PublishedMember {
  readonly type: string
  readonly options: z.ZodObject
  readonly config: z.ZodType
  readonly shorthand: string | undefined
  readonly aliases: readonly string[]
}

/** Every spelling of every member. */
function memberUnion(members: readonly PublishedMember[]) {
  return z.union(members.flatMap(spellings))
}

function spellings({ type, options, config, shorthand, aliases }: PublishedMember): readonly z.ZodType[] {
  const bare = options.safeParse({}).success
  const alone = shorthand === undefined ? undefined : options.shape[shorthand]
  const value = alone instanceof z.ZodType ? z.union([alone, options]) : bare ? options.nullable() : options
  const says = options.description ?? ''
  const names = z.enum([type, ...aliases])
  // Editors name what they offer by its title, and head what they say of a key with it.
  const named = z.strictObject({ [type]: value.describe(says) }).meta({ title: type })
  const typed = z
    .strictObject({
      type: names.describe('The word, in the spelling of Speedscale.'),
      config: (bare ? z.exactOptional(config) : config).describe(
        'Its options, in the spelling of Speedscale.',
      ),
    })
    .meta({ title: `${type} as Speedscale has it` })
  return [...(bare ? [names.describe(says).meta({ title: type })] : []), named, typed]
}
