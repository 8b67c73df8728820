import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { ExtractorDefinition, FilterDefinition, StepDefinition } from '../document/definition.ts'
import { FILTERS } from '../document/filter-schema.ts'
import type { Checked } from '../document/schema-complaint.ts'
import type { WrittenMember } from '../document/written-chain.ts'
import { EXTRACTORS } from '../extractors/extractor-table.ts'
import { STEPS } from '../steps/step-table.ts'

type Options = Readonly<Record<string, unknown>>

/**
 * A step in reseal's own spelling, without what is said by default.
 * @param config its options as Speedscale spells them, for those that are kept in another form once they are read
 * @returns undefined where the step cannot be said in it
 */
export function plainStep(step: StepDefinition, config: unknown): WrittenMember | undefined {
  const { read, ...row } = STEPS[step.type]
  return plainMember(step, config, row, (value) => read(value, 'options', step.place))
}

/** The same for an extractor. */
export function plainExtractor(extractor: ExtractorDefinition, config: unknown): WrittenMember | undefined {
  const { read, ...row } = EXTRACTORS[extractor.type]
  return plainMember(extractor, config, row, (value) => read(value, 'options', extractor.place))
}

interface Row {
  readonly shorthand: string | undefined
  readonly options: z.ZodObject
}

function plainMember(
  meant: StepDefinition | ExtractorDefinition,
  config: unknown,
  { shorthand, options: schema }: Row,
  read: (value: Options) => Checked<unknown>,
): WrittenMember | undefined {
  const means = (value: Options): boolean => {
    const checked = read(value)
    return checked.complaints === undefined && isDeepStrictEqual(checked.value, meant)
  }
  const { type, place: _, ...all } = meant
  const options = Object.fromEntries(
    Object.entries(all).filter(([name, value]) => !isDefault(schema.shape[name], value)),
  )
  const full = [options, renamed(config)].find(means)
  if (full === undefined) return undefined
  const least = withoutDefaults(full, means)
  const [only, ...others] = Object.entries(least)
  if (only === undefined) return type
  return { [type]: others.length === 0 && only[0] === shorthand ? only[1] : least }
}

/** Some defaults are kept in another form than they are written in, and cannot be read again. */
function isDefault(option: unknown, value: unknown): boolean {
  const read = option instanceof z.ZodType ? option.safeParse(undefined) : undefined
  return read?.success === true && isDeepStrictEqual(read.data, value)
}

/** Options that Speedscale calls by another name. */
const RENAMED: Readonly<Record<string, string>> = { layout: 'format', offset: 'by' }

function renamed(config: unknown): Options {
  return isOptions(config)
    ? Object.fromEntries(Object.entries(config).map(([name, value]) => [RENAMED[name] ?? name, value]))
    : {}
}

/** What means the same with an option left out, at any depth, is left out. */
function withoutDefaults(options: Options, means: (value: Options) => boolean): Options {
  let least = options
  for (const [name, value] of Object.entries(options)) {
    const { [name]: _, ...others } = least
    if (means(others)) least = others
    else if (isOptions(value)) {
      const inner = withoutDefaults(value, (changed) => means({ ...least, [name]: changed }))
      least = { ...least, [name]: inner }
    }
  }
  return least
}

function isOptions(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Filters in reseal's own spelling; one value stands for a list of one. */
export function plainFilters(filters: FilterDefinition): Options {
  const written = Object.entries(filters).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  const singles = Object.fromEntries(
    written.map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) && value.length === 1 ? value[0] : value,
    ]),
  )
  const read = FILTERS.safeParse(singles)
  return read.success && isDeepStrictEqual(read.data, filters) ? singles : Object.fromEntries(written)
}
