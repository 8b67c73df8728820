import type { JsonPatternStep } from '../match/canonical-json.ts'
import type { MatchRules } from '../match/signature.ts'
import type { TransformDocument } from '../transform/document/definition.ts'
import { parseJsonPath, type JsonPathSegment } from '../transform/json-path/json-path-syntax.ts'

/** The `match` of a document as the matcher takes it. */
export function matchRules({ match }: TransformDocument): MatchRules {
  return {
    ignoreQuery: new Set(match.ignore.query),
    ignoreJson: match.ignore.json.map((path) => parseJsonPath(path).map(patternStep)),
  }
}

/** Slices and wildcards stand for any position: what is ignored in one item of a list is ignored in all. */
function patternStep({ deep, selectors }: JsonPathSegment): JsonPatternStep {
  const names = selectors.map((selector) => {
    if (selector.kind === 'name') return selector.name
    return selector.kind === 'index' ? String(selector.index) : undefined
  })
  return { deep, names: names.every((name) => name !== undefined) ? names : undefined }
}
