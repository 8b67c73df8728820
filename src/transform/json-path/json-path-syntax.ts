import { ResealError } from '../../core/errors.ts'

/** One choice of children; the last two are jsonpath-plus's own. */
export type JsonPathSelector =
  /** A name of digits behind a dot also means that position of a list, as `items.0` is often written. */
  | { readonly kind: 'name'; readonly name: string; readonly mayBeIndex?: boolean }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'slice'; readonly start?: number; readonly end?: number; readonly step: number }
  | { readonly kind: 'parent' }
  | { readonly kind: 'key' }

/** A step down the document: to children, or with `deep` to the children of every value below. */
export interface JsonPathSegment {
  readonly deep: boolean
  /** More than one is a union, `['a','b']`. */
  readonly selectors: readonly JsonPathSelector[]
}

export interface JsonPathProblem {
  /** Position of the offending character in the path, from 0. */
  readonly offset: number
  /** What is wrong there, as a clause that follows the path's name. */
  readonly message: string
  readonly hint: string
}

export type JsonPathReading =
  | { readonly segments: readonly JsonPathSegment[]; readonly problem?: undefined }
  | { readonly segments?: undefined; readonly problem: JsonPathProblem }

/**
 * The segments of a JSON path that names places: the parts of RFC 9535 without filters. `$` may be left out
 * (`access_token`).
 * @throws ResealError TRANSFORM_INVALID when the text is not such a path
 */
export function parseJsonPath(text: string): readonly JsonPathSegment[] {
  const { segments, problem } = readJsonPath(text)
  if (problem === undefined) return segments
  throw jsonPathError(problem)
}

/** The problem as an error, for those who do not know the path's place. */
export function jsonPathError({ message, offset, hint }: JsonPathProblem): ResealError {
  return new ResealError('TRANSFORM_INVALID', `The JSON path ${message} (character ${offset + 1})`, { hint })
}

/** Like {@link parseJsonPath}, with the problem as a value for those who know the path's place. */
export function readJsonPath(text: string): JsonPathReading {
  return readSegments(text, {})
}

/** The same with what jsonpath-plus adds: `^` for the parent, and a last `~` for the name. */
export function readPlusPath(text: string): JsonPathReading {
  return readSegments(text, { '^': 'parent', '~': 'key' })
}

/** Characters that are a segment of their own. */
type OwnSegments = Readonly<Record<string, 'parent' | 'key'>>

function readSegments(text: string, own: OwnSegments): JsonPathReading {
  const scanner = { text, at: text.startsWith('$') ? 1 : 0 }
  const segments: JsonPathSegment[] = []
  let choices = 1
  if (text === '') return { problem: problemAt(0, 'is empty', 'Name a member, such as access_token.') }
  while (scanner.at < text.length) {
    const segment = readSegment(scanner, segments.length === 0 && !text.startsWith('$'), own)
    if ('offset' in segment) return { problem: segment }
    segments.push(segment)
    choices *= segment.selectors.length
    if (choices > MAX_CHOICES) {
      return {
        problem: problemAt(
          scanner.at - 1,
          'has too many unions',
          'Write several chains, or .. and one name.',
        ),
      }
    }
  }
  return { segments }
}

/** Unions multiply, and each combination is a path to follow. */
const MAX_CHOICES = 1000

interface Scanner {
  readonly text: string
  at: number
}

function problemAt(offset: number, message: string, hint: string): JsonPathProblem {
  return { offset, message, hint }
}

/** Segment = `.name` `.*` `..name` `..*` `[…]` `..[…]`, and in front also `name` or `*` alone. */
function readSegment(
  scanner: Scanner,
  first: boolean,
  ownSegments: OwnSegments,
): JsonPathSegment | JsonPathProblem {
  const { text } = scanner
  const own = ownSegments[text[scanner.at] ?? '']
  if (own !== undefined && !first && (own === 'parent' || scanner.at === text.length - 1)) {
    scanner.at += 1
    return { deep: false, selectors: [{ kind: own }] }
  }
  const deep = text.startsWith('..', scanner.at)
  if (deep) scanner.at += 2
  else if (text[scanner.at] === '.') scanner.at += 1
  else if (text[scanner.at] !== '[' && !first) return unexpected(scanner)
  else if (text[scanner.at] === '[') return bracketed(scanner, false)

  if (deep && text[scanner.at] === '[') return bracketed(scanner, true)
  if (text[scanner.at] === '*') {
    scanner.at += 1
    return { deep, selectors: [{ kind: 'wildcard' }] }
  }
  const name = take(scanner, NAME)
  if (name === undefined) return unexpected(scanner)
  const mayBeIndex = /^\d+$/.test(name) ? { mayBeIndex: true } : {}
  return { deep, selectors: [{ kind: 'name', name, ...mayBeIndex }] }
}

/** Everything that no dialect gives a meaning of its own; other names are written in quotes. */
const NAME = /[^\s.[\]'"()*?,|#\\!<>=&@^~`{}]+/y
const SPACE = /\s*/y
const SLICE = /(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?/y
const INDEX = /-?(?:0|[1-9]\d*)/y
const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y

function take(scanner: Scanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scanner.at
  const found = pattern.exec(scanner.text)?.[0]
  if (found !== undefined) scanner.at += found.length
  return found
}

function bracketed(scanner: Scanner, deep: boolean): JsonPathSegment | JsonPathProblem {
  const { text } = scanner
  const open = scanner.at
  const selectors: JsonPathSelector[] = []
  do {
    scanner.at += 1
    take(scanner, SPACE)
    const selector = readSelector(scanner)
    if ('offset' in selector) return selector
    selectors.push(selector)
    take(scanner, SPACE)
  } while (text[scanner.at] === ',')
  if (scanner.at >= text.length) return problemAt(open, 'has a [ that is never closed', 'Write ] behind it.')
  if (text[scanner.at] !== ']') return unexpected(scanner)
  scanner.at += 1
  return { deep, selectors }
}

function readSelector(scanner: Scanner): JsonPathSelector | JsonPathProblem {
  const start = scanner.at
  const first = scanner.text[start]
  if (first === '*') {
    scanner.at += 1
    return { kind: 'wildcard' }
  }
  if (first === "'" || first === '"') return quotedName(scanner)
  const slice = take(scanner, SLICE)
  if (slice !== undefined) return sliceSelector(slice, start)
  const index = take(scanner, INDEX)
  if (index === undefined) return unexpected(scanner)
  return isPosition(index) ? { kind: 'index', index: Number(index) } : noPosition(index, start)
}

/** RFC 9535 §2.1: a safe integer, without a zero in front or a negative one. */
function isPosition(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))
}

function noPosition(text: string, offset: number): JsonPathProblem {
  return /^-?0/.test(text)
    ? problemAt(offset, 'has a number with a zero too many', 'Write it without.')
    : problemAt(offset, 'has a position too large to be one', 'Write a smaller number.')
}

function quotedName(scanner: Scanner): JsonPathSelector | JsonPathProblem {
  const start = scanner.at
  const quoted = take(scanner, QUOTED)
  if (quoted === undefined)
    return problemAt(start, 'has a quote that is never closed', 'Write the same quote behind the name.')
  const name = unquote(quoted)
  if (name !== undefined) return { kind: 'name', name }
  return problemAt(
    start,
    'has an escape that means nothing in this name',
    'Escapes are those of JSON: \\\\, \\", \\n, \\u00e9.',
  )
}

/** RFC 9535 §2.3.1.1: JSON's escapes, and the quote itself. */
function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1)
  const asJson = quoted.startsWith("'")
    ? inner.replaceAll(/\\'|"/g, (found) => (found === '"' ? '\\"' : "'"))
    : inner
  try {
    const name: unknown = JSON.parse(`"${asJson}"`)
    return typeof name === 'string' && name.isWellFormed() ? name : undefined
  } catch {
    // An escape or control character that JSON does not know: the caller says where.
    return undefined
  }
}

function sliceSelector(slice: string, offset: number): JsonPathSelector | JsonPathProblem {
  const parts = slice.split(':').map((part) => part.trim())
  const wrong = parts.find((part) => part !== '' && !isPosition(part))
  if (wrong !== undefined) return noPosition(wrong, offset + slice.indexOf(wrong))
  const [start, end, step] = parts.map((part) => (part === '' ? undefined : Number(part)))
  if (step === 0)
    return problemAt(offset, 'has a slice with step 0, which selects nothing', 'Write a step of 1 or more.')
  return {
    kind: 'slice',
    step: step ?? 1,
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { end }),
  }
}

/** What is at the scanner cannot stand there: say why, as nearly as its first character tells. */
function unexpected({ text, at }: Scanner): JsonPathProblem {
  const found = text[at]
  const rest = text.slice(at)
  if (found === undefined) {
    const where = text[at - 1] === '[' ? "in brackets: ['name'], [0] or [*]" : 'behind the dot'
    return problemAt(at, 'ends before it names anything', `Name a member ${where}.`)
  }
  if (found === '?' || rest.startsWith('(')) {
    const what = found === '?' ? 'a filter, ?' : 'a script, ('
    return problemAt(
      at,
      `has ${what}, which is not served`,
      'Name the place itself, such as $.keys[*].token.',
    )
  }
  if (found === '#') return problemAt(at, 'has a #, which is gjson', 'Write [*] for every item of a list.')
  if (found === '\\')
    return problemAt(
      at,
      'has a backslash, which is gjson',
      "Write a name with dots in quotes, such as ['a.b'].",
    )
  if (found === '.') return problemAt(at, 'has a dot too many', 'Write one dot, or two for any depth.')
  if (found === ']')
    return problemAt(
      at,
      'has a ] without anything before it',
      'Write a name in quotes, a number or * in brackets.',
    )
  return problemAt(
    at,
    `has ${JSON.stringify(found)} where it cannot stand`,
    "Write such a name in quotes: ['the name'].",
  )
}
