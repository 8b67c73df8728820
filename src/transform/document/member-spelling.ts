import type { Checked, Complaint } from './schema-complaint.ts'
import { inWords } from './schema-complaint.ts'
import { nearestWord, suggestionFor } from '../../core/suggestion.ts'

/** A step or extractor as written, its spelling resolved and its options not yet read. */
export interface SpeltMember<T extends string> {
  readonly type: T
  /** What the row reads: a map of options, or what stands in the place of one. */
  readonly value: unknown
  readonly spelling: 'options' | 'config'
  /** From the member to its options. */
  readonly path: readonly PropertyKey[]
}

/** What spelling needs to know of a table of members. */
export interface Vocabulary<T extends string> {
  /** `step` or `extractor`. */
  readonly noun: string
  /** Words of Speedscale that there is no row for, and what to write instead. */
  readonly refused: Readonly<Record<string, string>>
  readonly rows: Readonly<
    Record<
      T,
      {
        readonly shorthand: string | undefined
        readonly aliases: readonly string[]
        readonly options: { readonly shape: object }
      }
    >
  >
}

/**
 * Resolves the three spellings of a member: a bare word, a map of that one word, Speedscale's `{type, config}`.
 */
export function readSpelling<T extends string>(
  value: string | Readonly<Record<string, unknown>>,
  vocabulary: Vocabulary<T>,
): Checked<SpeltMember<T>> {
  if (typeof value === 'string') return member(value, undefined, 'options', [], vocabulary)
  const keys = Object.keys(value)
  if (Object.hasOwn(value, 'type')) return typed(value, vocabulary)
  const [only] = keys
  if (only !== undefined && keys.length === 1) return member(only, value[only], 'options', [only], vocabulary)
  return severalKeys(keys, vocabulary)
}

function member<T extends string>(
  word: string,
  options: unknown,
  spelling: 'options' | 'config',
  path: readonly PropertyKey[],
  vocabulary: Vocabulary<T>,
): Checked<SpeltMember<T>> {
  const type = typeOf(word, vocabulary)
  if (type === undefined) return unknownType(word, spelling === 'config' ? ['type'] : path, vocabulary)
  const { shorthand } = vocabulary.rows[type]
  if (options === undefined || options === null) return { value: { type, value: {}, spelling, path } }
  const alone = shorthand !== undefined && spelling === 'options' && !isMap(options)
  return { value: { type, value: alone ? { [shorthand]: options } : options, spelling, path } }
}

function typed<T extends string>(
  value: Readonly<Record<string, unknown>>,
  vocabulary: Vocabulary<T>,
): Checked<SpeltMember<T>> {
  const { type, config, ...others } = value
  const complaints = Object.keys(others).map((key): Complaint => ({
    path: [key],
    part: 'key',
    message: `"${key}" cannot stand beside "type"`,
    hint: nearestWord(key, ['config']) === undefined ? `Put it into "config".` : 'Did you mean "config"?',
  }))
  if (typeof type !== 'string') {
    complaints.push({
      path: ['type'],
      part: 'value',
      message: `"type" must be text, not ${inWords(type)}`,
      hint: examples(vocabulary),
    })
    return { complaints }
  }
  const read = member(type, config, 'config', ['config'], vocabulary)
  return complaints.length === 0 ? read : { complaints: [...complaints, ...(read.complaints ?? [])] }
}

/** Two slips lead here: options not indented under their word, and two members in one list item. */
function severalKeys<T extends string>(
  keys: readonly string[],
  vocabulary: Vocabulary<T>,
): Checked<SpeltMember<T>> {
  const words = keys.filter((key) => typeOf(key, vocabulary) !== undefined)
  const [first] = keys
  if (first === undefined) return refuse([], `${article(vocabulary)} is an empty map`, examples(vocabulary))
  const other = keys.find((key) => key !== words[0]) ?? first
  const message = `${article(vocabulary)} must be a map of one word, and this one has ${keys.length} keys`
  const [word] = words
  const type = word === undefined ? undefined : typeOf(word, vocabulary)
  if (word === undefined || type === undefined) {
    return unknownType(first, [first], vocabulary)
  }
  if (words.length > 1) return refuse([other], message, 'Write each word as a list item of its own.', 'key')
  const near = nearestWord(other, Object.keys(vocabulary.rows[type].options.shape))
  const hint =
    near === undefined
      ? `Remove "${other}", or give it a list item of its own.`
      : `Indent "${other}" under ${word}.`
  return refuse([other], message, hint, 'key')
}

function typeOf<T extends string>(word: string, { rows }: Vocabulary<T>): T | undefined {
  for (const type in rows) {
    if (type === word || rows[type].aliases.includes(word)) return type
  }
  return undefined
}

function unknownType<T extends string>(
  word: string,
  path: readonly PropertyKey[],
  vocabulary: Vocabulary<T>,
): Checked<never> {
  const { rows, refused, noun } = vocabulary
  const instead = Object.hasOwn(refused, word) ? refused[word] : undefined
  const hint = instead ?? withColon(word, rows) ?? suggestionFor(word, Object.keys(rows), `${noun}s`)
  const shown = inWords(word)
  return refuse(
    path,
    `There is no ${noun} ${shown}`,
    hint,
    path.length === 0 || path.at(-1) === 'type' ? 'value' : 'key',
  )
}

/** A known word and its value that are one text to YAML, since no colon is between them. */
function withColon(word: string, rows: object): string | undefined {
  const [, known = '', value = ''] = /^(\w+)\s+(\S.*)$/s.exec(word) ?? []
  return Object.hasOwn(rows, known) ? `Write ${inWords(`${known}: ${value}`)}, with a colon.` : undefined
}

function refuse(
  path: readonly PropertyKey[],
  message: string,
  hint: string,
  part: 'key' | 'value' = 'value',
): Checked<never> {
  return { complaints: [{ path, part, message, hint }] }
}

function examples<T extends string>({ noun, rows }: Vocabulary<T>): string {
  return `The ${noun}s are ${Object.keys(rows).join(', ')}.`
}

function article<T extends string>({ noun }: Vocabulary<T>): string {
  return `${/^[aeiou]/.test(noun) ? 'An' : 'A'} ${noun}`
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
