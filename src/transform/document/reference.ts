import { z } from 'zod'
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
    '## Filters',
    '',
    sentence(jsonSchemaOf(FILTERS)),
    '',
    ...optionTable(FILTERS, undefined),
    '## Conditions on the live request',
    '',
    sentence(jsonSchemaOf(WHEN)),
    '',
    ...optionTable(WHEN, undefined),
  ].join('\n')
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
  ]
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
