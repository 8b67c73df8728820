import {
  FunctionExpressionType,
  JSONPathEnvironment,
  JSONPathRecursionLimitError,
  JSONPathSyntaxError,
  JSONPathError,
  type JSONPathQuery,
} from 'json-p3'
import { RE2JS } from 're2js'
import { utf8Json } from '../../core/json.ts'
import type { BinaryText } from '../../core/binary-text.ts'
import type { JsonNode } from '../../core/json.ts'
import { itemNode, memberNode, rootNode, type LocatedNode } from './located-node.ts'

/** How deep `..` goes in a document that a path with filters is run on. */
const MAX_DEPTH = 1000

/** A path of RFC 9535, filters and functions included; or where it is none. */
export type FilterPath =
  | { readonly query: JSONPathQuery; readonly offset?: undefined }
  | { readonly query?: undefined; readonly offset: number; readonly message: string }

/** Reads a path that begins with `$` as RFC 9535 has it. */
export function readFilterPath(text: string): FilterPath {
  try {
    return { query: createEnvironment().compile(text) }
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error
    const offset = error instanceof JSONPathSyntaxError ? error.token.index : (error.token?.index ?? 0)
    return { offset, message: error.message }
  }
}

/**
 * The values that a path with filters selects.
 * @returns undefined where the document is nested deeper than the engine goes
 */
export function selectFiltered(
  query: JSONPathQuery,
  root: JsonNode,
  text: BinaryText,
): readonly LocatedNode[] | undefined {
  try {
    // What was scanned as JSON is JSON.
    const value = utf8Json(text) as Parameters<JSONPathQuery['query']>[0]
    return query.query(value).nodes.flatMap(({ location }) => nodeAt(root, location) ?? [])
  } catch (error) {
    // Too deep for the engine, or for the stack: such a document has no place that could be named.
    if (error instanceof JSONPathRecursionLimitError || error instanceof RangeError) return undefined
    throw error
  }
}

/** The value at a normalised path. */
export function nodeAt(root: JsonNode, location: readonly (string | number)[]): LocatedNode | undefined {
  let found: LocatedNode | undefined = rootNode(root)
  for (const part of location) {
    found = found && (typeof part === 'number' ? itemNode(found, part) : memberNode(found, part))
  }
  return found
}

/** The functions `match` and `search` of the engine run on JavaScript's, which a pattern can keep busy for ever. */
function createEnvironment(): JSONPathEnvironment {
  const environment = new JSONPathEnvironment({ maxRecursionDepth: MAX_DEPTH })
  const patterns = new Map<string, RE2JS | undefined>()
  const patternOf = (source: string): RE2JS | undefined => {
    if (!patterns.has(source) && patterns.size < 100) patterns.set(source, iRegexp(source))
    return patterns.get(source) ?? iRegexp(source)
  }
  const register = (name: string, test: (pattern: RE2JS, text: string) => boolean): void => {
    environment.functionRegister.set(name, {
      argTypes: [FunctionExpressionType.ValueType, FunctionExpressionType.ValueType],
      returnType: FunctionExpressionType.LogicalType,
      call: (text: unknown, source: unknown) => {
        if (typeof text !== 'string' || typeof source !== 'string') return false
        const pattern = patternOf(source)
        return pattern !== undefined && test(pattern, text)
      },
    })
  }
  register('match', (pattern, text) => pattern.matcher(text).matches())
  register('search', (pattern, text) => pattern.matcher(text).find())
  return environment
}

/** RFC 9485: a dot is any character but the two line ends. Undefined where the text is no pattern. */
function iRegexp(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(dotsOf(source))
  } catch {
    // RFC 9535 §2.4.6: what is no pattern matches nothing.
    return undefined
  }
}

function dotsOf(source: string): string {
  let inClass = false
  return source.replaceAll(/\\.|[.[\]]/gs, (piece) => {
    if (piece === '[') inClass = true
    if (piece === ']') inClass = false
    return piece === '.' && !inClass ? '[^\\n\\r]' : piece
  })
}
