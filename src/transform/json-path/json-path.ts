import type { BinaryText } from '../../core/binary-text.ts'
import type { JsonNode } from '../../core/json.ts'
import { readFilterPath, selectFiltered } from './filter-engine.ts'
import {
  jsonPathError,
  readPlusPath,
  type JsonPathProblem,
  type JsonPathSegment,
} from './json-path-syntax.ts'
import { nameOutOfReach } from './json-path-text.ts'
import { selectPlus } from './plus-engine.ts'
import { selectSpans } from './span-engine.ts'
import type { LocatedNode } from './located-node.ts'

/** Which engine serves a path; chosen when it is read. */
export type JsonPathEngine = 'spans' | 'json-p3' | 'jsonpath-plus'

export interface JsonPathQuery {
  readonly engine: JsonPathEngine
  /** The path ends in `~`: meant are the names of the values. */
  readonly isNames: boolean
  /**
   * The values that the path selects, in its order.
   * @param text the text that `root` was scanned from
   * @returns undefined where the document is too deep or too large for the path
   */
  select(root: JsonNode, text: BinaryText): readonly LocatedNode[] | undefined
}

export type QueryReading =
  | { readonly query: JsonPathQuery; readonly problem?: undefined }
  | { readonly query?: undefined; readonly problem: JsonPathProblem }

/**
 * Reads a JSON path: RFC 9535; its places without `$.` in front (`access_token`, `items.0`); and `^` and `~` as
 * jsonpath-plus has them.
 */
export function readJsonPathQuery(text: string): QueryReading {
  const { segments, problem } = readPlusPath(text)
  if (segments !== undefined) return placesQuery(text, segments)
  const filter = readFilterPath(rooted(text))
  if (filter.query === undefined) return { problem: filterProblem(text, problem, filter) }
  const { query } = filter
  const select: JsonPathQuery['select'] = (root, document) => selectFiltered(query, root, document)
  return { query: { engine: 'json-p3', isNames: false, select } }
}

/**
 * Like {@link readJsonPathQuery}.
 * @throws ResealError TRANSFORM_INVALID when the text is no path
 */
export function compileJsonPath(text: string): JsonPathQuery {
  const { query, problem } = readJsonPathQuery(text)
  if (problem === undefined) return query
  throw jsonPathError(problem)
}

function placesQuery(text: string, segments: readonly JsonPathSegment[]): QueryReading {
  const kinds = segments.flatMap(({ selectors }) => selectors.map(({ kind }) => kind))
  const isNames = kinds.at(-1) === 'key'
  if (!kinds.includes('parent') && !isNames) {
    return { query: { engine: 'spans', isNames, select: (root) => selectSpans(root, segments) } }
  }
  const unreachable = nameOutOfReach(segments)
  if (unreachable === undefined) {
    return { query: { engine: 'jsonpath-plus', isNames, select: selectPlus(segments) } }
  }
  const message = 'has a name that jsonpath-plus, which serves ^ and ~, cannot reach'
  const hint = 'Name the value around it, or use [*] in its place.'
  return { problem: { offset: Math.max(0, text.indexOf(unreachable)), message, hint } }
}

function rooted(text: string): string {
  if (text.startsWith('$')) return text
  return /^[.[]/.test(text) ? `$${text}` : `$.${text}`
}

/** In a filter, what its engine says is nearer to the mistake. */
function filterProblem(
  text: string,
  problem: JsonPathProblem,
  filter: { readonly offset: number },
): JsonPathProblem {
  if (!text.slice(0, problem.offset + 1).includes('?')) return problem
  const offset = Math.max(0, Math.min(text.length - 1, filter.offset - (rooted(text).length - text.length)))
  const hint = 'A filter compares, as in [?@.type == "jwt"]; see RFC 9535 §2.3.5.'
  return { offset, message: 'has a filter that is not one of RFC 9535', hint }
}
