import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import { ResealError, type SourcePlace } from '../core/errors.ts'
import type { SourceSection } from '../core/source-section.ts'
import { sourceExcerpt } from '../core/source-excerpt.ts'
import { suggestionFor } from '../core/suggestion.ts'

/** A setting as the file has it. */
export interface ConfigEntry {
  readonly value: string | number | boolean
  /** Where the value is written. */
  readonly place: SourcePlace
  /** Its source line with a caret. */
  readonly excerpt: string
}

/** What a configuration file says. */
export interface ConfigText {
  readonly entries: ReadonlyMap<string, ConfigEntry>
  /** The parts that are more than plain values, for whoever knows what is in them. */
  readonly sections: ReadonlyMap<SectionName, SourceSection>
}

/**
 * Reads the settings of a configuration file: one YAML map of plain values, and the sections of other rooms. A key without a value counts as absent.
 * @param keys the keys there are
 * @throws ResealError CONFIG_INVALID at the first thing that is wrong
 */
export function readConfigText(source: string, file: string, keys: readonly string[]): ConfigText {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, stringKeys: true, prettyErrors: false })
  const at = (offset: number): SourcePlace => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const invalid = (message: string, place: SourcePlace, hint = FORM_HINT): ResealError =>
    new ResealError('CONFIG_INVALID', message, { place, hint, excerpt: sourceExcerpt(source, place) })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw invalid(`This is not valid YAML: ${problem.message}`, at(problem.pos[0]))
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return NOTHING
  if (!isMap(contents)) throw invalid('A configuration file must be a map of settings', at(contents.range[0]))

  const entries = new Map<string, ConfigEntry>()
  const sections = new Map<SectionName, SourceSection>()
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : ''
    const keyPlace = at(key.range[0])
    const section = SECTIONS.find((known) => known === name)
    if (section !== undefined) {
      sections.set(section, {
        value: document.toJS({ maxAliasCount: 100 })[section],
        placeOf: (path) => nearestPlace(document, [section, ...path], at),
        errorAt: (place, message, hint) => invalid(message, place, hint),
      })
      continue
    }
    if (!keys.includes(name)) {
      throw invalid(
        `There is no setting "${name}"`,
        keyPlace,
        suggestionFor(name, [...keys, ...SECTIONS], 'settings'),
      )
    }
    if (value === null || (isScalar(value) && value.value === null)) continue
    if (!isScalar(value) || !isPlain(value.value)) {
      throw invalid(
        `The setting ${name} must be one value`,
        value.range === undefined ? keyPlace : at(value.range[0]),
      )
    }
    const place = at(value.range[0])
    entries.set(name, { value: value.value, place, excerpt: sourceExcerpt(source, place) })
  }
  return { entries, sections }
}

/** Keys whose values are maps of their own. */
const SECTIONS = ['issuers', 'redact'] as const
export type SectionName = (typeof SECTIONS)[number]

const NOTHING: ConfigText = { entries: new Map(), sections: new Map() }

/** The place of a value, or of the innermost thing around it that is there. */
function nearestPlace(
  document: Document,
  path: readonly (string | number)[],
  at: (offset: number) => SourcePlace,
): SourcePlace {
  const nodes = path.map((_, index) => document.getIn(path.slice(0, index + 1), true))
  const found = nodes.findLast((node) => isNode(node))
  return at(isNode(found) ? (found.range?.[0] ?? 0) : 0)
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

const FORM_HINT = 'config/reseal.yaml of the package shows the form.'
