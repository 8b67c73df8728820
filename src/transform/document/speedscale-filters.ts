import { z } from 'zod'
import type { FilterDefinition } from './definition.ts'
import { EVERY_PAIR, METHOD, STATUS } from './filter-schema.ts'
import { checkSchema, type Checked, type Complaint } from './schema-complaint.ts'

/** Speedscale's criteria that have the same meaning in reseal, and the filter of each. */
const CRITERIA = {
  host: 'host',
  detectedCommand: 'method',
  detectedLocation: 'path',
  detectedStatus: 'status',
  direction: 'direction',
  tag: 'tag',
} as const

type Criterion = keyof typeof CRITERIA

const CRITERION_WORDS: readonly Criterion[] = [
  'host',
  'detectedCommand',
  'detectedLocation',
  'detectedStatus',
  'direction',
  'tag',
]

/** Whole values only: what is a part of one means nothing. */
const WHOLE_VALUES: ReadonlySet<Criterion> = new Set([
  'detectedStatus',
  'detectedCommand',
  'direction',
  'tag',
])

const VALUE = z.string().min(1, 'must not be empty')

const ENTRY = z.strictObject({
  include: z.literal(true).describe('Speedscale: whether matching pairs are meant; only true is served.'),
  operator: z
    .exactOptional(z.enum(['EQUAL', 'IS', 'CONTAINS']))
    .describe('Speedscale: whether the criterion must be the whole text, as without it, or a part of it.'),
  host: z.exactOptional(VALUE).describe('Speedscale: the host.'),
  detectedCommand: z.exactOptional(VALUE).describe('Speedscale: the method.'),
  detectedLocation: z.exactOptional(VALUE).describe('Speedscale: the path.'),
  detectedStatus: z.exactOptional(VALUE).describe('Speedscale: the status code.'),
  direction: z
    .exactOptional(z.enum(['IN', 'OUT']))
    .describe('Speedscale: whether requests went in to the service under test or out of it.'),
  tag: z
    .exactOptional(z.string().regex(/^[A-Za-z_][\w.-]*=/, 'is not NAME=VALUE'))
    .describe('Speedscale: a tag and its value.'),
})

type Entry = z.output<typeof ENTRY>

/** `filters` in Speedscale's spelling: a list of criteria and how they combine. */
export const SPEEDSCALE_FILTERS = z
  .strictObject({
    operator: z
      .exactOptional(z.enum(['AND', 'OR']))
      .describe('Speedscale: how several filters combine; AND without it.'),
    filters: z.array(ENTRY).describe('Speedscale: one criterion each.'),
  })
  .describe('Filters as Speedscale writes them; [{"include": true}] is every pair.')

/**
 * Reads Speedscale's filters. What would not mean exactly the same here is refused, since a filter that lets other
 * pairs through changes them without a word; of an operator that is left out, the one that lets the fewest through.
 */
export function readSpeedscaleFilters(value: unknown): Checked<FilterDefinition> {
  const checked = checkSchema(SPEEDSCALE_FILTERS, value, 'filters')
  if (checked.complaints !== undefined) {
    const unknown = checked.complaints.filter((complaint) => complaint.unknown !== undefined)
    const telling = unknown.length > 0 ? unknown : checked.complaints
    return { complaints: telling.map((complaint) => ({ ...complaint, hint: INSTEAD })) }
  }
  const { filters: entries, operator = 'AND' } = checked.value
  const complaints = [...entries.flatMap(entryComplaints), ...combinationComplaints(entries, operator)]
  if (complaints.length > 0) return { complaints }
  const everything = operator === 'OR' && entries.some((entry) => criteriaOf(entry).length === 0)
  return { value: everything ? EVERY_PAIR : filtersOf(entries) }
}

const INSTEAD =
  'Write filters: {method: POST, path: /oauth/token, host: auth.example.com, status: 2xx}, with what you need of it.'

function criteriaOf(entry: Entry): readonly { readonly criterion: Criterion; readonly value: string }[] {
  return CRITERION_WORDS.flatMap((criterion) => {
    const value = entry[criterion]
    return value === undefined ? [] : [{ criterion, value }]
  })
}

function entryComplaints(entry: Entry, index: number): readonly Complaint[] {
  const path = ['filters', index]
  const criteria = criteriaOf(entry)
  const complain = (message: string, ...inner: readonly string[]): readonly Complaint[] => [
    { path: [...path, ...inner], part: 'value', message, hint: INSTEAD },
  ]
  if (criteria.length === 0) return []
  if (criteria.length > 1)
    return complain('A filter of Speedscale has one criterion, and this one has several')
  return criteria.flatMap(({ criterion, value }) => {
    if (/[*?]/.test(value))
      return complain(`"${criterion}" has a * or ?, which would be read as any text`, criterion)
    if (WHOLE_VALUES.has(criterion) && entry.operator === 'CONTAINS')
      return complain(`"${criterion}" cannot be matched by CONTAINS`, 'operator')
    if (criterion === 'detectedStatus' || criterion === 'detectedCommand') {
      const schema = criterion === 'detectedStatus' ? STATUS : METHOD
      return schema.safeParse(value).success
        ? []
        : complain(`"${criterion}" is not an HTTP ${CRITERIA[criterion]}`, criterion)
    }
    return []
  })
}

/** Lists of one filter are alternatives and filters are all needed, so AND joins different criteria, OR the same. */
function combinationComplaints(entries: readonly Entry[], operator: 'AND' | 'OR'): readonly Complaint[] {
  if (entries.length < 2) return []
  const complain = (message: string): readonly Complaint[] => [
    { path: ['filters'], part: 'key', message, hint: INSTEAD },
  ]
  const criteria = entries.flatMap(criteriaOf).map(({ criterion }) => criterion)
  const kinds = new Set(criteria).size
  if (operator === 'OR' && criteria.length === entries.length && kinds > 1) {
    return complain('Filters of different criteria cannot be joined by OR')
  }
  const bothWays = new Set(entries.flatMap(({ direction }) => direction ?? [])).size > 1
  if (bothWays) return complain('Filters of both directions are filters of neither')
  if (operator === 'AND' && kinds < criteria.length) {
    return complain('Filters of the same criterion cannot be joined by AND')
  }
  return []
}

function filtersOf(entries: readonly Entry[]): FilterDefinition {
  const all = entries.flatMap((entry) => criteriaOf(entry).map((criteria) => ({ ...criteria, entry })))
  const globs = (wanted: Criterion): string[] =>
    all
      .filter(({ criterion }) => criterion === wanted)
      .map(({ value, entry }) => (entry.operator === 'CONTAINS' ? containing(wanted, value) : value))
  const [direction] = globs('direction')
  const tags = Map.groupBy(globs('tag').map(tagParts), ([name]) => name)
  const tag = [...tags].map(([name, all]) => [name, all.map(([, value]) => value)] as const)
  return {
    ...(direction === undefined ? {} : { direction: direction === 'IN' ? 'in' : 'out' }),
    ...(tag.length === 0 ? {} : { tag: Object.fromEntries(tag) }),
    method: globs('detectedCommand').map((method) => METHOD.parse(method)),
    path: globs('detectedLocation'),
    host: globs('host').map((host) => host.toLowerCase()),
    status: globs('detectedStatus').map((status) => STATUS.parse(status)),
  }
}

function tagParts(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=')
  return [text.slice(0, equals), text.slice(equals + 1)]
}

/** A glob for every text that holds this one; a path's begins and ends inside segments. */
function containing(criterion: Criterion, value: string): string {
  return criterion === 'detectedLocation' ? `**/*${value}*/**` : `*${value}*`
}
