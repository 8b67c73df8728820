import { z } from 'zod'
import { nearestWord, suggestionFor } from '../../core/suggestion.ts'

/** What a schema says against a value, in the user's words. */
export interface Complaint {
  /** From the checked value to what is wrong. */
  readonly path: readonly PropertyKey[]
  /** Whether the key or the value is what is wrong. */
  readonly part: 'key' | 'value'
  /** Position in a text value, from 0, where the complaint is about one character of it. */
  readonly offset?: number
  readonly message: string
  readonly hint?: string
  /** The key that is missing at the path, or the key there that is unknown. */
  readonly missing?: string
  readonly unknown?: string
}

export type Checked<T> =
  | { readonly value: T; readonly complaints?: undefined }
  | { readonly complaints: readonly Complaint[] }

/**
 * Parses a value with a schema.
 * @param owner what the value is called in messages, such as `jwt_resign`
 */
export function checkSchema<S extends z.ZodType>(
  schema: S,
  value: unknown,
  owner: string,
): Checked<z.output<S>> {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return { value: result.data }
  const published = jsonSchemaOf(schema)
  const complaints = result.error.issues.flatMap((issue) => complaintsOf(issue, [], owner, published))
  return { complaints: complaints.filter((complaint) => !isMisspeltHere(complaint, complaints)) }
}

/**
 * The published form (JSON Schema, draft 2020-12) of what a user may write for a schema.
 * @param reused `ref` writes what stands in several places once, and names it
 */
export function jsonSchemaOf(
  schema: z.ZodType,
  reused: 'inline' | 'ref' = 'inline',
): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    reused,
    target: 'draft-2020-12',
    // zod takes the examples of what it transforms for outputs, and leaves them out; ours are what users write.
    override: ({ zodSchema, jsonSchema }) => {
      const examples = zodSchema instanceof z.ZodType ? zodSchema.meta()?.['examples'] : undefined
      if (Array.isArray(examples)) jsonSchema.examples = examples
    },
  })
}

/** A missing key beside a misspelling of it is one mistake, and the misspelling is the one to show. */
function isMisspeltHere({ path, missing }: Complaint, all: readonly Complaint[]): boolean {
  if (missing === undefined) return false
  return all.some(
    (other) =>
      other.unknown !== undefined &&
      samePath(other.path.slice(0, -1), path) &&
      nearestWord(other.unknown, [missing]) !== undefined,
  )
}

function samePath(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index])
}

type Issue = z.core.$ZodIssue
type JsonSchema = z.core.JSONSchema.BaseSchema

function complaintsOf(
  issue: Issue,
  above: readonly PropertyKey[],
  owner: string,
  published: JsonSchema,
): readonly Complaint[] {
  const path = [...above, ...issue.path]
  const at = schemasAt(published, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, owner, at))
    case 'invalid_union': {
      const input = chosenBy(issue)
      if (input === undefined) return [missing(path, owner, at)]
      const branch = meantBranch(issue)
      if (branch !== undefined) return branch.flatMap((inner) => complaintsOf(inner, path, owner, published))
      return [wrongValue(input, path, owner, at)]
    }
    case 'custom': {
      const { hint, offset } = readParams(issue.params)
      const found = offset === undefined ? {} : { offset }
      return [
        {
          path,
          part: 'value',
          message: `${label(path, owner)} ${issue.message}`,
          ...found,
          ...withHint(hint, at),
        },
      ]
    }
    case 'invalid_key': {
      const why = issue.issues[0]?.message ?? 'is no name for it'
      return [{ path, part: 'key', message: `${label(path, owner)} ${why}` }]
    }
    case 'invalid_type':
    case 'invalid_value':
      return [issue.input === undefined ? missing(path, owner, at) : wrongValue(issue.input, path, owner, at)]
    default:
      return [
        {
          path,
          part: 'value',
          message: `${label(path, owner)} ${issue.message}`,
          ...withHint(undefined, at),
        },
      ]
  }
}

function unknownKey(
  key: string,
  path: readonly PropertyKey[],
  owner: string,
  at: readonly JsonSchema[],
): Complaint {
  const known = at.flatMap((schema) => Object.keys(schema.properties ?? {}))
  return {
    path: [...path, key],
    part: 'key',
    unknown: key,
    message: `"${shorten(key)}" is not a key of ${nested(path, owner)}`,
    hint: known.length === 0 ? 'Remove it.' : suggestionFor(key, [...new Set(known)], 'keys'),
  }
}

function missing(path: readonly PropertyKey[], owner: string, at: readonly JsonSchema[]): Complaint {
  const name = String(path.at(-1) ?? '')
  const message =
    path.length === 0
      ? `${sentence(owner)} is missing`
      : `${sentence(nested(path.slice(0, -1), owner))} lacks "${name}"`
  return { path: path.slice(0, -1), part: 'value', message, missing: name, ...withHint(undefined, at) }
}

function wrongValue(
  input: unknown,
  path: readonly PropertyKey[],
  owner: string,
  at: readonly JsonSchema[],
): Complaint {
  const words = at.flatMap((schema) => wordsOf(schema))
  const expected = oneOf([...new Set(at.flatMap(expectations))])
  const hint =
    typeof input === 'string' && words.length > 0 ? suggestionFor(input, words, 'words') : undefined
  const message = `${label(path, owner)} must be ${expected}, not ${inWords(input)}`
  return { path, part: 'value', message, ...withHint(hint, at) }
}

/** What a union was asked to take; of one that goes by a word, that word. */
function chosenBy({ input, discriminator }: Extract<Issue, { code: 'invalid_union' }>): unknown {
  if (discriminator === undefined || typeof input !== 'object' || input === null) return input
  return Object.entries(input).find(([key]) => key === discriminator)?.[1]
}

/**
 * The branch of a union that the user was writing: the only one whose kind of value (map, list, text) is what is
 * there. Without exactly one, the union speaks as a whole.
 */
function meantBranch(issue: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] | undefined {
  const meant = issue.errors.filter((branch) => branch.every((inner) => !isOtherKind(inner)))
  return meant.length === 1 ? meant[0] : undefined
}

function isOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
}

function withHint(hint: string | undefined, at: readonly JsonSchema[]): { hint?: string } {
  if (hint !== undefined) return { hint }
  const examples = at.flatMap((schema) => schema.examples ?? []).map((example) => JSON.stringify(example))
  return examples.length === 0 ? {} : { hint: `For example: ${examples.slice(0, 3).join(', ')}.` }
}

function readParams(params: unknown): { hint?: string; offset?: number } {
  if (typeof params !== 'object' || params === null) return {}
  const hint = 'hint' in params && typeof params.hint === 'string' ? { hint: params.hint } : {}
  const offset = 'offset' in params && typeof params.offset === 'number' ? { offset: params.offset } : {}
  return { ...hint, ...offset }
}

/** The schemas that govern a path: several where a union has several branches with that path. */
function schemasAt(root: JsonSchema, path: readonly PropertyKey[]): readonly JsonSchema[] {
  let found = branches(root)
  for (const part of path) {
    found = found.flatMap((schema) => child(schema, part)).flatMap(branches)
  }
  return found
}

function branches(schema: JsonSchema): readonly JsonSchema[] {
  // A choice by one word is published as oneOf, every other as anyOf.
  const anyOf = schema.anyOf ?? schema.oneOf
  if (anyOf === undefined) return [schema]
  const { examples } = schema
  return [...(examples === undefined ? [] : [{ examples }]), ...anyOf.flatMap((branch) => branches(branch))]
}

function child(schema: JsonSchema, part: PropertyKey): readonly JsonSchema[] {
  const inner =
    typeof part === 'number'
      ? schema.items
      : (schema.properties?.[String(part)] ?? schema.additionalProperties)
  return typeof inner === 'object' && !Array.isArray(inner) ? [inner] : []
}

function wordsOf(schema: JsonSchema): readonly string[] {
  return [schema.const, ...(schema.enum ?? [])].filter((word) => typeof word === 'string')
}

/** What a schema wants, as a person says it. */
function expectations(schema: JsonSchema): readonly string[] {
  const words = wordsOf(schema)
  if (words.length > MANY_WORDS) return [schema.title ?? 'one of the known words']
  if (words.length > 0) return words
  if (schema.const !== undefined) return [String(schema.const)]
  const kind = typeof schema.type === 'string' ? KINDS[schema.type] : undefined
  return kind === undefined ? [] : [kind]
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

/** A longer choice would drown the sentence; its hint lists it. */
const MANY_WORDS = 6

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  array: 'a list',
  null: 'null',
}

/** A value as messages name it: short text is quoted, since seeing the slip is half of mending it. */
export function inWords(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? `"${shorten(value)}"` : JSON.stringify(value)
}

/** Long text is cut, so that a key or token in a wrong place stays out of the message. */
function shorten(text: string): string {
  return text.length > LONGEST_QUOTE || text.includes('\n')
    ? `${text.slice(0, 8).split('\n', 1)[0] ?? ''}…`
    : text
}

const LONGEST_QUOTE = 40

/** `"claims.set" of jwt_resign`. */
function label(path: readonly PropertyKey[], owner: string): string {
  return path.length === 0 ? sentence(owner) : `"${dotted(path)}" of ${owner}`
}

function nested(path: readonly PropertyKey[], owner: string): string {
  return path.length === 0 ? owner : `"${dotted(path)}" of ${owner}`
}

function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

/** A phrase such as `a chain` at the beginning of a sentence; YAML words keep their spelling. */
function sentence(phrase: string): string {
  return /^(?:a|an|the) /.test(phrase) ? phrase.charAt(0).toUpperCase() + phrase.slice(1) : phrase
}
