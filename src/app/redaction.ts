import { ResealError } from '../core/errors.ts'
import type { SourceSection } from '../core/source-section.ts'
import {
  EVERY_PART,
  REDACT_ALL,
  REDACT_NOTHING,
  type PathStep,
  type RedactDefinition,
} from '../redact/definition.ts'
import { compilePattern, compileRules, type RedactRules } from '../redact/rules.ts'
import { REDACT, type RedactWords } from '../transform/document/redact-schema.ts'
import { checkSchema } from '../transform/document/schema-complaint.ts'
import { parseJsonPath } from '../transform/json-path/json-path-syntax.ts'

/** What a user says of redaction: a `redact:` of a file, or no redaction at all. */
export type RedactSource = SourceSection | 'off' | undefined

/**
 * The rules of a recording or replay. Of several sources the later one has the last word on each part, and lists add up.
 * @param besides JWTs stay whole, whatever the sources say; or every part is looked for, even those turned off
 * @throws ResealError CONFIG_INVALID or TRANSFORM_INVALID at the place of what is wrong
 */
export function redactRules(
  sources: readonly RedactSource[],
  besides: boolean | 'search' = false,
): RedactRules {
  const definition = redactDefinition(sources)
  if (besides === 'search') return compileRules({ ...definition, ...EVERY_PART })
  return compileRules(besides ? { ...definition, jwt: false } : definition)
}

/** What sources say together, as plain data. @throws ResealError CONFIG_INVALID or TRANSFORM_INVALID */
export function redactDefinition(sources: readonly RedactSource[]): RedactDefinition {
  return sources.reduce(
    (so: RedactDefinition, source) => merged(so, source === 'off' ? 'off' : wordsOf(source)),
    REDACT_ALL,
  )
}

function wordsOf(section: SourceSection | undefined): RedactWords {
  if (section === undefined || section.value === null) return {}
  const checked = checkSchema(REDACT, section.value, 'redact')
  if (checked.complaints !== undefined) {
    const [first] = checked.complaints
    const path = (first?.path ?? []).filter((part) => typeof part !== 'symbol')
    throw section.errorAt(section.placeOf(path), first?.message ?? 'redact cannot be read', first?.hint)
  }
  const words = checked.value
  if (typeof words === 'object') {
    for (const [index, pattern] of (words.patterns ?? []).entries()) checkPattern(pattern, index, section)
  }
  return words
}

function checkPattern(pattern: string, index: number, section: SourceSection): void {
  try {
    compilePattern(pattern)
  } catch (error) {
    if (!(error instanceof ResealError)) throw error
    throw section.errorAt(section.placeOf(['patterns', index]), error.message, error.hint)
  }
}

function merged(so: RedactDefinition, words: RedactWords): RedactDefinition {
  if (typeof words !== 'object') return words === 'off' || words === false ? REDACT_NOTHING : REDACT_ALL
  const { apiKeys, paths, headers, query, form, patterns, except, ...parts } = words
  return {
    ...so,
    ...parts,
    keys: apiKeys ?? so.keys,
    paths: [...so.paths, ...(paths ?? []).map((path) => parseJsonPath(path).map(pathStep))],
    headers: [...so.headers, ...(headers ?? [])],
    query: [...so.query, ...(query ?? [])],
    form: [...so.form, ...(form ?? [])],
    patterns: [...so.patterns, ...(patterns ?? [])],
    except: [...so.except, ...(except ?? [])],
  }
}

/** Slices and wildcards stand for any position, as in `match.ignore`. */
function pathStep({ deep, selectors }: ReturnType<typeof parseJsonPath>[number]): PathStep {
  const names = selectors.map((selector) => {
    if (selector.kind === 'name') return selector.name
    return selector.kind === 'index' ? String(selector.index) : undefined
  })
  return { deep, names: names.every((name) => name !== undefined) ? names : undefined }
}
