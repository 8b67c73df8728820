import { combinedError, ResealError } from '../../core/errors.ts'
import type { SourceSection } from '../../core/source-section.ts'
import type {
  ChainDefinition,
  ExtractorDefinition,
  FilterDefinition,
  StepDefinition,
  TransformDocument,
} from './definition.ts'
import { CHAIN_SHELL, DOCUMENT_SHELL } from './document-schema.ts'
import { EXTRACTORS } from '../extractors/extractor-table.ts'
import { EVERY_PAIR, FILTERS } from './filter-schema.ts'
import { DEFAULT_MATCH } from './match-schema.ts'
import { readSpelling, type Vocabulary } from './member-spelling.ts'
import { checkSchema, type Checked, type Complaint } from './schema-complaint.ts'
import { readSourceText, type SourcePath, type SourceText } from './source-text.ts'
import { REFUSED_EXTRACTORS, REFUSED_STEPS } from './speedscale-words.ts'
import { isSmartReplace, smartReplaceLast } from './smart-replace.ts'
import { readSpeedscaleFilters } from './speedscale-filters.ts'
import { STEPS } from '../steps/step-table.ts'

/** What checking found: the document, or everything that is wrong with it in the order of its lines. */
export interface CheckedDocument {
  readonly document?: TransformDocument
  readonly errors: readonly ResealError[]
}

/**
 * Reads a transform document, YAML or JSON, in reseal's or Speedscale's spelling. An empty file is an empty document.
 * @param file its name in messages and places
 * @throws ResealError TRANSFORM_INVALID for the first mistake, naming the places of the others
 */
export function parseTransformDocument(source: string, file: string): TransformDocument {
  const { document, errors } = checkTransformDocument(source, file)
  const [first, ...others] = errors
  if (document !== undefined && first === undefined) return document
  throw first === undefined
    ? new ResealError('TRANSFORM_INVALID', `${file} cannot be read`)
    : combinedError(first, others)
}

/** Like {@link parseTransformDocument}, with every mistake of the file as a ResealError TRANSFORM_INVALID. */
export function checkTransformDocument(source: string, file: string): CheckedDocument {
  const { text, errors } = readSourceText(source, file)
  if (text === undefined) return { errors: inOrder(errors) }
  if (text.value === undefined) return { document: emptyDocument(file), errors: [] }
  const report = createReport(text)
  const shell = report.keep([], checkSchema(DOCUMENT_SHELL, text.value, 'a transform document'))
  const chains = listAt(text.value, 'responder').map((chain, index) => readChain(chain, index, report))
  reportRepeatedIds(listAt(text.value, 'responder'), report)
  if (shell === undefined || report.errors.length > 0) return { errors: inOrder(report.errors) }
  const { version, match, faults } = shell
  const issuers = sectionOf(text, 'issuers')
  const redact = sectionOf(text, 'redact')
  const responder = chains.filter((chain) => chain !== undefined)
  return { document: { file, version, match, issuers, redact, faults, responder }, errors: [] }
}

/** The document of a snapshot that has none: nothing is changed and nothing ignored. */
export function emptyDocument(file: string): TransformDocument {
  return {
    file,
    version: 1,
    match: DEFAULT_MATCH,
    issuers: undefined,
    redact: undefined,
    faults: [],
    responder: [],
  }
}

/** Read by whoever knows what is in it; here only its places are known. */
function sectionOf({ value, placeOf, errorAt }: SourceText, key: string): SourceSection | undefined {
  if (!isMap(value) || value[key] === undefined) return undefined
  return { value: value[key], placeOf: (path) => placeOf([key, ...path], 'value'), errorAt }
}

function inOrder(errors: readonly ResealError[]): readonly ResealError[] {
  const line = ({ place }: ResealError): number => place?.line ?? 0
  const column = ({ place }: ResealError): number => place?.column ?? 0
  return errors.toSorted((a, b) => line(a) - line(b) || column(a) - column(b))
}

interface Report {
  readonly text: SourceText
  readonly errors: readonly ResealError[]
  /** The value, or undefined after its complaints, told from `base`, have been noted. */
  keep<T>(base: SourcePath, checked: Checked<T>): T | undefined
}

function createReport(text: SourceText): Report {
  const errors: ResealError[] = []
  const note = (base: SourcePath, { path, part, offset, message, hint }: Complaint): void => {
    const whole = [...base, ...path]
    const place = offset === undefined ? text.placeOf(whole, part) : text.placeInside(whole, offset)
    errors.push(text.errorAt(place, message, hint))
  }
  return {
    text,
    errors,
    keep: (base, checked) => {
      if (checked.complaints === undefined) return checked.value
      for (const complaint of checked.complaints) note(base, complaint)
      return undefined
    },
  }
}

/**
 * Reads each part of a chain even where another part is wrong, so that one run tells all mistakes.
 * @returns undefined when any part was wrong
 */
function readChain(chain: unknown, index: number, report: Report): ChainDefinition | undefined {
  const base = ['responder', index]
  if (!isMap(chain)) return undefined
  const shell = report.keep(base, checkSchema(CHAIN_SHELL, chain, 'a chain'))
  const filters = readFilters(chain['filters'], [...base, 'filters'], report)
  const extractor = readExtractor(chain['extractor'], [...base, 'extractor'], report)
  const written = [...listAt(chain, 'transforms').entries()]
  const steps = smartReplaceLast(written, ([, step]) => step).map(([at, step]) => ({
    path: [...base, 'transforms', at],
    isSmartReplace: isSmartReplace(step),
    definition: readStep(step, [...base, 'transforms', at], report),
  }))
  if (shell === undefined || filters === undefined || extractor === undefined) return undefined
  const known = steps.flatMap(({ definition }) => definition ?? [])
  if (known.length < steps.length) return undefined
  if (!known.some(({ type }) => STEPS[type].role === 'mutator')) return noMutator(base, report)
  const place = report.text.placeOf(base, 'value')
  if (EXTRACTORS[extractor.type].side === 'request' && reportMisplacedSteps(steps, report)) return undefined
  const { id = `responder[${index}]`, when, require } = shell
  return {
    id,
    place,
    filters,
    ...(when === undefined ? {} : { when }),
    ...(require === undefined ? {} : { require }),
    extractor,
    steps: known,
  }
}

function noMutator(base: SourcePath, report: Report): undefined {
  const message = 'The chain changes nothing, since each of its steps only goes to a place'
  const hint = 'Add a step that changes what is there, such as jwt_resign.'
  report.keep(base, { complaints: [{ path: ['transforms'], part: 'key', message, hint }] })
}

interface ReadStep {
  readonly path: SourcePath
  readonly isSmartReplace: boolean
  readonly definition: StepDefinition | undefined
}

/** A step that changes a response cannot do so in a chain that begins in the request. */
function reportMisplacedSteps(steps: readonly ReadStep[], report: Report): boolean {
  const misplaced = steps.filter(({ definition, isSmartReplace: makesNew }) => {
    const row = definition && STEPS[definition.type]
    return makesNew || (row?.role === 'mutator' && !row.sides.includes('request'))
  })
  for (const { path, isSmartReplace: makesNew, definition } of misplaced) {
    const message = makesNew
      ? 'smart_replace makes a new value, and the chain begins in the request'
      : `${definition?.type} changes a response, and the chain begins in the request`
    const hint = makesNew
      ? 'Write map in its place, which learns the value that the live request has.'
      : 'Begin the chain with http_res_body or http_res_header; from a request, var_store and map learn.'
    report.keep([], { complaints: [{ path, part: 'value', message, hint }] })
  }
  return misplaced.length > 0
}

/** What is no map here was reported with the chain itself, as for the other parts of it. */
function readFilters(value: unknown, base: SourcePath, report: Report): FilterDefinition | undefined {
  if (value === undefined) return EVERY_PAIR
  if (!isMap(value)) return undefined
  if (isSpeedscaleFilters(value)) return report.keep(base, readSpeedscaleFilters(value))
  return report.keep(base, checkSchema(FILTERS, value, 'filters'))
}

function isSpeedscaleFilters(value: Readonly<Record<string, unknown>>): boolean {
  return ['filters', 'conditions', 'operator'].some((key) => Object.hasOwn(value, key))
}

const EXTRACTOR_WORDS = vocabulary('extractor', EXTRACTORS, REFUSED_EXTRACTORS)
const STEP_WORDS = vocabulary('step', STEPS, REFUSED_STEPS)

function readExtractor(value: unknown, base: SourcePath, report: Report): ExtractorDefinition | undefined {
  if (!isWordOrMap(value)) return undefined
  const spelt = report.keep(base, readSpelling(value, EXTRACTOR_WORDS))
  if (spelt === undefined) return undefined
  const options = [...base, ...spelt.path]
  const place = report.text.placeOf(options, 'value')
  return report.keep<ExtractorDefinition>(
    options,
    EXTRACTORS[spelt.type].read(spelt.value, spelt.spelling, place),
  )
}

function readStep(value: unknown, base: SourcePath, report: Report): StepDefinition | undefined {
  if (!isWordOrMap(value)) return undefined
  const spelt = report.keep(base, readSpelling(value, STEP_WORDS))
  if (spelt === undefined) return undefined
  const options = [...base, ...spelt.path]
  const place = report.text.placeOf(options, 'value')
  return report.keep<StepDefinition>(options, STEPS[spelt.type].read(spelt.value, spelt.spelling, place))
}

interface Row {
  readonly shorthand: string | undefined
  readonly aliases: readonly string[]
  readonly options: { readonly shape: object }
}

function vocabulary<T extends string>(
  noun: string,
  rows: Readonly<Record<T, Row>>,
  refused: Readonly<Record<string, string>>,
): Vocabulary<T> {
  return { noun, rows, refused }
}

/** Also of chains in which something else is wrong. */
function reportRepeatedIds(chains: readonly unknown[], report: Report): void {
  const seen = new Map<string, number>()
  for (const [index, chain] of chains.entries()) {
    const id = isMap(chain) ? chain['id'] : undefined
    if (typeof id !== 'string') continue
    const earlier = seen.get(id)
    if (earlier === undefined) {
      seen.set(id, index)
      continue
    }
    const { line } = report.text.placeOf(['responder', earlier], 'value')
    const complaint = {
      path: ['id'],
      part: 'value',
      message: `The id "${id}" belongs to the chain on line ${line} already`,
      hint: 'Give each chain an id of its own.',
    } as const
    report.keep(['responder', index], { complaints: [complaint] })
  }
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = isMap(value) ? value[key] : undefined
  return Array.isArray(list) ? list : []
}

function isWordOrMap(value: unknown): value is string | Readonly<Record<string, unknown>> {
  return typeof value === 'string' || isMap(value)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
