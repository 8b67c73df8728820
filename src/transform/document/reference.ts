import { stringify } from 'yaml'
import type { z } from 'zod'
import { ResealError } from '../../core/errors.ts'
import { suggestionFor } from '../../core/suggestion.ts'
import { EXTRACTORS } from '../extractors/extractor-table.ts'
import { STEPS } from '../steps/step-table.ts'
import { FILTERS, WHEN } from './filter-schema.ts'
import { jsonSchemaOf } from './schema-complaint.ts'

type JsonSchema = z.core.JSONSchema.BaseSchema

/** What the reference says of one word. */
interface ReferenceEntry {
  readonly type: string
  readonly options: z.ZodObject
  readonly shorthand: string | undefined
  readonly aliases: readonly string[]
}

/** The reference of every word of a transform document, as Markdown; made from the schemas that read it. */
export function transformReference(): string {
  const steps = Object.values(STEPS)
  const entries = Object.values(EXTRACTORS)
  return [
    '# Reference of transform documents',
    '',
    'Written by `npm run schema` from the schemas that read a document. What the words are for is in',
    '[transforms.md](transforms.md). A value that stands alone is that of the first option where "alone" is said.',
    '',
    ...section(
      'Extractors of the response',
      entries.filter(({ side }) => side === 'response'),
    ),
    ...section(
      'Extractors of the request',
      entries.filter(({ side }) => side === 'request'),
    ),
    ...section(
      'Steps that go to a place',
      steps.filter(({ role }) => role === 'locator'),
    ),
    ...section(
      'Steps that change what is there',
      steps.filter(({ role }) => role === 'mutator'),
    ),
    ...Object.values(PARTS).flatMap(({ title, options }) => part(title, options)),
  ].join('\n')
}

/** What is no word of a chain, and has a part of the reference all the same. */
const PARTS = {
  filters: { title: 'Filters', options: FILTERS },
  when: { title: 'Conditions on the live request', options: WHEN },
} as const

/**
 * The part of the reference that is about one word, as Markdown; the word may be one of Speedscale's.
 * @throws ResealError USAGE for a word that there is no part for
 */
export function wordReference(word: string): string {
  const rows: readonly ReferenceEntry[] = [...Object.values(EXTRACTORS), ...Object.values(STEPS)]
  const found = rows.filter(({ type, aliases }) => type === word || aliases.includes(word))
  const parts = Object.entries(PARTS).filter(([name]) => name === word)
  const lines = [...found.flatMap(entry), ...parts.flatMap(([, { title, options }]) => part(title, options))]
  if (lines.length > 0) return lines.join('\n')
  const known = [...rows.map(({ type }) => type), ...Object.keys(PARTS)]
  throw new ResealError('USAGE', `There is no word "${word}" in transform documents`, {
    hint: suggestionFor(word, known, 'words'),
  })
}

function part(title: string, options: z.ZodObject): readonly string[] {
  return [`## ${title}`, '', sentence(jsonSchemaOf(options)), '', ...optionTable(options, undefined)]
}

function section(title: string, rows: readonly ReferenceEntry[]): readonly string[] {
  return [`## ${title}`, '', ...rows.flatMap(entry)]
}

function entry({ type, options, shorthand, aliases }: ReferenceEntry): readonly string[] {
  const also = aliases.length === 0 ? '' : ` Also: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`
  return [
    `### ${type}`,
    '',
    `${sentence(jsonSchemaOf(options))}${also}`,
    '',
    ...optionTable(options, shorthand),
    `For example: \`${exampleOf({ type, options, shorthand })}\``,
    '',
  ]
}

/** The word with what it cannot do without, as a list of steps has it. */
function exampleOf({
  type,
  options,
  shorthand,
}: Pick<ReferenceEntry, 'type' | 'options' | 'shorthand'>): string {
  const { examples, required = [], properties = {} } = jsonSchemaOf(options)
  const needed = required.map((name) => [name, firstExample(properties[name])] as const)
  const given = examples?.[0] ?? Object.fromEntries(needed)
  const [only, ...others] = Object.entries(given ?? {})
  const value = only !== undefined && others.length === 0 && only[0] === shorthand ? only[1] : given
  const written = only === undefined ? type : { [type]: value }
  return stringify(written, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
}

function firstExample(schema: JsonSchema | boolean | undefined): unknown {
  return typeof schema === 'object' ? schema.examples?.[0] : undefined
}

function optionTable(options: z.ZodObject, alone: string | undefined): readonly string[] {
  const schema = jsonSchemaOf(options)
  const required = new Set(schema.required)
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    if (typeof property === 'boolean') return []
    const said = name === alone ? ' (alone)' : ''
    const initial = required.has(name) ? 'required' : code(property.default)
    return [`| \`${name}\`${said} | ${initial} | ${cell(sentence(property))} | ${examplesOf(property)} |`]
  })
  if (rows.length === 0) return []
  return ['| option | default | meaning | examples |', '| --- | --- | --- | --- |', ...rows, '']
}

function examplesOf(schema: JsonSchema): string {
  const { examples = [] } = schema
  return examples.map(code).join(', ')
}

function code(value: unknown): string {
  if (value === undefined) return '-'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `\`${cell(text.replaceAll('\n', '\\n'))}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function sentence({ description = '' }: JsonSchema): string {
  return description
}
