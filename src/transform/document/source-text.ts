import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, Node, YAMLError } from 'yaml'
import { ResealError, type SourcePlace } from '../../core/errors.ts'
import { sourceExcerpt } from '../../core/source-excerpt.ts'

/** Larger transform documents are refused: such a file is not one, and reading it would take seconds. */
const MAX_SOURCE_BYTES = 1024 * 1024

/** Keys and list positions from the root to a value. */
export type SourcePath = readonly PropertyKey[]

/** A YAML or JSON text (JSON is YAML), read, with the place of each of its values. */
export interface SourceText {
  readonly file: string
  /** Maps, lists, text, numbers, booleans and null; undefined for a text without any value. */
  readonly value: unknown
  /** Where the value of a path begins, or its key; for a path that is not there, the nearest around it. */
  placeOf(path: SourcePath, part: 'key' | 'value'): SourcePlace
  /** The place of a character of a text value; where escapes or folding hide it, the value's beginning. */
  placeInside(path: SourcePath, offset: number): SourcePlace
  /** A ResealError TRANSFORM_INVALID at a place, with its excerpt. */
  errorAt(place: SourcePlace, message: string, hint?: string): ResealError
}

export type SourceReading =
  | { readonly text: SourceText; readonly errors: readonly [] }
  | { readonly text: undefined; readonly errors: readonly ResealError[] }

/**
 * Reads YAML 1.2 (core schema, merge keys) strictly: what the yaml package warns of is an error here too, since a
 * mistake that only warns is one that changes what is replayed.
 */
export function readSourceText(given: string, file: string): SourceReading {
  const source = given.startsWith('\uFEFF') ? given.slice(1) : given
  if (Buffer.byteLength(source) > MAX_SOURCE_BYTES) {
    const hint = 'Split it, one document for each snapshot.'
    const place = { file, line: 1, column: 1 }
    return refuse([new ResealError('TRANSFORM_INVALID', 'The file is larger than 1 MiB', { hint, place })])
  }
  const lines = new LineCounter()
  const document = parseDocument(source, {
    lineCounter: lines,
    stringKeys: true,
    merge: true,
    prettyErrors: false,
  })
  const at = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const errorAt = errorMaker(source)
  const problems = firstProblems([...document.errors, ...document.warnings])
  if (problems.length > 0) {
    return refuse(problems.map((problem) => errorAt(at(problem.pos[0]), ...yamlProblem(problem, source))))
  }
  const unusable = unusableNodes(document).map(({ offset, message, hint }) =>
    errorAt(at(offset), message, hint),
  )
  if (unusable.length > 0) return refuse(unusable)
  const value = plainValue(document)
  if (value === TOO_MANY_ALIASES) {
    const message = 'Aliases repeat the same values far too often'
    const hint = 'Write the values out instead of nesting aliases.'
    return refuse([errorAt(at(firstAlias(document)), message, hint)])
  }
  return {
    text: {
      file,
      value,
      errorAt,
      placeOf: (path, part) => at(nodeStart(locate(document, path), part)),
      placeInside: (path, offset) => at(characterOffset(locate(document, path).value, source, offset)),
    },
    errors: [],
  }
}

function refuse(errors: readonly ResealError[]): SourceReading {
  return { text: undefined, errors }
}

function errorMaker(source: string): SourceText['errorAt'] {
  return (place, message, hint) =>
    new ResealError('TRANSFORM_INVALID', message, {
      place,
      excerpt: sourceExcerpt(source, place),
      ...(hint === undefined ? {} : { hint }),
    })
}

/** After a few mistakes of syntax the rest are echoes; and none of those at one place adds to the first. */
function firstProblems(problems: readonly YAMLError[]): readonly YAMLError[] {
  const deepest = problems.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  if (deepest !== undefined) return [deepest]
  const places = new Set<number>()
  return problems.filter(({ pos }) => places.size < MOST_PROBLEMS && places.size < places.add(pos[0]).size)
}

const MOST_PROBLEMS = 20

/** The yaml package's own sentences where they serve, ours where they speak of its API or say too little. */
function yamlProblem(problem: YAMLError, source: string): [message: string, hint?: string] {
  const text = source.slice(...problem.pos)
  switch (problem.code) {
    case 'TAB_AS_INDENT':
      return ['A tab indents this line', 'Indent with spaces.']
    case 'DUPLICATE_KEY':
      return [`The key ${keyAt(source, problem.pos[0])} is written twice in one map`, 'Keep one of the two.']
    case 'MULTIPLE_DOCS':
      return ['The file holds more than one YAML document', 'Keep one document, and remove the line "---".']
    case 'TAG_RESOLVE_FAILED':
      return [`The tag ${text.split(/\s/, 1)[0] ?? ''} is unknown`, 'Write the value without a tag.']
    case 'RESOURCE_EXHAUSTION':
      return [
        'Values are nested too deep to be read',
        'A transform document needs few levels: look for a list or map that is not closed.',
      ]
    default:
      return [`This is not valid YAML: ${problem.message}`, 'Look at this line and at the one before it.']
  }
}

function keyAt(source: string, offset: number): string {
  const key = /[^\s:,{}]+/y
  key.lastIndex = offset
  const found = key.exec(source)?.[0] ?? ''
  return found.startsWith('"') ? found : `"${found}"`
}

interface Unusable {
  readonly offset: number
  readonly message: string
  readonly hint: string
}

/** Values that parse, but not into what the user wrote: unknown aliases, numbers a double cannot hold, `__proto__`. */
function unusableNodes(document: Document): readonly Unusable[] {
  const found: Unusable[] = []
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return
      const message = `The alias *${alias.source} has no anchor before it`
      const hint = `Write &${alias.source} at the value that it repeats.`
      found.push({ offset: alias.range?.[0] ?? 0, message, hint })
    },
    Scalar: (key, scalar) => {
      const offset = scalar.range?.[0] ?? 0
      if (key === 'key' && scalar.value === '__proto__') {
        found.push({ offset, message: 'The key "__proto__" cannot be used', hint: 'Remove it.' })
      }
      if (typeof scalar.value !== 'number' || isExact(scalar.value)) return
      const message = `The number ${scalar.source ?? String(scalar.value)} cannot be held exactly`
      found.push({ offset, message, hint: 'Write it in quotes to make it text.' })
    },
  })
  return found
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)
}

const TOO_MANY_ALIASES = Symbol('too many aliases')

function plainValue(document: Document): unknown {
  try {
    const value: unknown = document.contents === null ? undefined : document.toJS({ maxAliasCount: 100 })
    // An alias inside what it stands for has no end, and no JSON.
    JSON.stringify(value)
    return value ?? undefined
  } catch {
    // Unknown aliases were found before; what is left to throw is an alias of itself, and the alias count, against
    // exponential documents.
    return TOO_MANY_ALIASES
  }
}

function firstAlias(document: Document): number {
  let offset = 0
  visit(document, {
    Alias: (_, alias) => {
      offset = alias.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return offset
}

interface Located {
  readonly key: Node | undefined
  readonly value: Node | undefined
}

/** Walks as far along the path as the document goes. */
function locate(document: Document, path: SourcePath): Located {
  let found: Located = { key: undefined, value: document.contents ?? undefined }
  for (const part of path) {
    const around = isAlias(found.value) ? found.value.resolve(document) : found.value
    const next = isMap<Node, Node | null>(around)
      ? pairOf(around.items, part)
      : isSeq<Node>(around) && typeof part === 'number'
        ? { key: undefined, value: around.items[part] }
        : undefined
    if (next === undefined || (next.key === undefined && next.value === undefined)) return found
    found = next
  }
  return found
}

function pairOf(
  pairs: readonly { readonly key: Node; readonly value: Node | null }[],
  name: PropertyKey,
): Located | undefined {
  const pair = pairs.find(({ key }) => isScalar(key) && String(key.value) === String(name))
  return pair === undefined ? undefined : { key: pair.key, value: pair.value ?? undefined }
}

/** A key without a value has no value to point at, so its key stands for it; and a list item has no key. */
function nodeStart({ key, value }: Located, part: 'key' | 'value'): number {
  const empty = isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1]
  const node = part === 'key' || empty ? (key ?? value) : (value ?? key)
  return node?.range?.[0] ?? 0
}

function characterOffset(node: Node | undefined, source: string, offset: number): number {
  const start = node?.range?.[0] ?? 0
  if (!isScalar(node) || typeof node.value !== 'string') return start
  const quote = node.type === 'PLAIN' ? 0 : 1
  return source.startsWith(node.value, start + quote) ? start + quote + offset : start
}
