import { z } from 'zod'
import { ResealError, type SourcePlace } from '../../core/errors.ts'
import { textOfUtf8, utf8OfText } from '../../core/binary-text.ts'
import { escapedJson } from '../message/codecs.ts'
import { OWN_OPTION, TRUTH, WHOLE } from '../steps/speedscale-text.ts'
import { mutatorRow } from '../steps/step-row.ts'
import type { Mutator } from '../steps/step.ts'
import { readCsv, type CsvTable } from '../values/csv.ts'
import { seededNumbers } from '../values/seeded.ts'
import { compileValue, putValue, VALUE, type WrittenValue } from '../values/written-value.ts'
import type { Live } from '../message/live.ts'
import type { Focus } from '../message/focus.ts'

const ONE_OF_OPTIONS = z
  .strictObject({
    values: z
      .array(VALUE)
      .min(1, 'must not be empty')
      .max(10_000)
      .describe('Values of any JSON type to choose from.')
      .meta({ examples: [['gold', 'silver', 'bronze']] }),
    pick: z
      .enum(['value', 'turn'])
      .default('value')
      .describe('value: the same recorded value always becomes the same one. turn: one after the other.'),
  })
  .describe('Puts one of several values.')

/** Speedscale's values are one text with commas, and are taken in turn unless it says `random`. */
const SPEEDSCALE_ONE_OF = z
  .strictObject({
    values: z.exactOptional(z.array(z.unknown())).describe(OWN_OPTION),
    pick: z.exactOptional(z.enum(['value', 'turn'])).describe(OWN_OPTION),
    options: z.exactOptional(z.string()).describe('Speedscale: the values, with commas.'),
    strategy: z
      .exactOptional(z.enum(['sequential', 'random']))
      .describe('Speedscale: in turn, or chosen by the recorded value.'),
  })
  .transform(({ options, strategy, values, pick }): z.input<typeof ONE_OF_OPTIONS> => ({
    values: values ?? options?.split(',') ?? [],
    pick: pick ?? (values !== undefined || strategy === 'random' ? 'value' : 'turn'),
  }))
  .pipe(ONE_OF_OPTIONS)

/** `one_of`: puts one of several values. */
export const ONE_OF = mutatorRow(
  'one_of',
  ONE_OF_OPTIONS,
  { shorthand: 'values', config: SPEEDSCALE_ONE_OF },
  (definition, environment) => {
    const { values, pick, place } = definition
    const written = values.map((value) => compileValue(value, environment, place))
    return {
      mutate: (focus) => {
        const { recorded } = focus
        const index = seededNumbers(environment.seed, 'one_of', recorded).below(written.length)
        const chosen = written[index]
        if (pick === 'value' && chosen !== undefined) putValue(focus, chosen)
        else putInTurn(focus, written)
        return undefined
      },
    }
  },
)

function putInTurn({ put, putJson, recorded }: Focus, written: readonly WrittenValue[]): void {
  const isJson = putJson !== undefined
  const lives = written.map(({ json, text }) => (isJson ? json : text)(recorded))
  let next = 0
  const live: Live = {
    changes: 'request',
    render: (moment) => {
      const chosen = lives[next] ?? ''
      next = (next + 1) % lives.length
      return typeof chosen === 'string' ? chosen : chosen.render(moment)
    },
  }
  if (putJson === undefined) put(() => live)
  else putJson(() => live)
}

const CSV_OPTIONS = z
  .strictObject({
    path: z
      .exactOptional(z.string().min(1, 'must not be empty'))
      .describe('File of the table, beside the transform document.')
      .meta({ examples: ['users.csv'] }),
    text: z
      .exactOptional(z.string())
      .describe('The table itself, instead of a file.')
      .meta({ examples: ['from,to\nalice,bob\n'] }),
    key: z
      .exactOptional(z.string())
      .describe('Column in which the recorded value is looked up. Without it, rows are taken in turn.')
      .meta({ examples: ['from'] }),
    value: z
      .string()
      .describe('Column from which the new value is taken.')
      .meta({ examples: ['to'] }),
  })
  .superRefine(({ path, text }, context) => {
    if ((path === undefined) !== (text === undefined)) return
    const params = { hint: 'Write path: FILE or text: TABLE, one of the two.' }
    context.addIssue({ code: 'custom', message: 'must have either path or text', params })
  })
  .describe(
    'Looks the recorded value up in a table (RFC 4180, with a line of names) and puts what stands beside it; or takes the next row, the first again after the last.',
  )
  .meta({ examples: [{ path: 'users.csv', key: 'from', value: 'to' }] })

/** In Speedscale the table comes from the extractor. */
const SPEEDSCALE_CSV = z
  .strictObject({
    path: z.exactOptional(z.string()).describe(OWN_OPTION),
    text: z.exactOptional(z.string()).describe(OWN_OPTION),
    key: z.exactOptional(z.string()).describe(OWN_OPTION),
    value: z.exactOptional(z.string()).describe(OWN_OPTION),
    index: z.exactOptional(WHOLE).describe('Speedscale: a column of a table that the extractor gives.'),
    column: z.exactOptional(WHOLE).describe('Speedscale: the same.'),
    header: z.exactOptional(z.string()).describe('Speedscale: the same, by its name.'),
    hasHeader: z.exactOptional(TRUTH).describe('Speedscale: whether the table has a line of names.'),
  })
  .transform(({ index, column: nth, header, hasHeader, ...own }, context) => {
    if ([index, nth, header, hasHeader].every((option) => option === undefined)) return own
    const params = { hint: 'Write csv: { path: FILE, value: COLUMN }, which takes the next row each time.' }
    context.addIssue({ code: 'custom', message: 'takes its table from a file that it names', params })
    return z.NEVER
  })
  .pipe(CSV_OPTIONS)

/** `csv`: looks the recorded value up in a table, or takes rows in turn. */
export const CSV = mutatorRow('csv', CSV_OPTIONS, { config: SPEEDSCALE_CSV }, (definition, { readData }) => {
  const { path, text, key, value, place } = definition
  const table = readCsv(text ?? readData(path ?? ''))
  const to = column(table, value, place)
  if (key === undefined) return inTurn(table, to, place)
  const from = column(table, key, place)
  const rows = new Map(table.rows.map((row) => [row[from] ?? '', textOfUtf8(row[to] ?? '')]))
  return {
    mutate: (focus) => {
      const found = rows.get(utf8OfText(focus.recorded))
      if (found === undefined) return { notFound: 'the value is not in the table' }
      putValue(focus, { text: () => found, json: () => `"${escapedJson(found)}"`, isText: true })
      return undefined
    },
  }
})

/** All places of the step walk through the rows together. */
function inTurn({ rows }: CsvTable, to: number, place: SourcePlace): Mutator {
  const values = rows.flatMap((row) => (row[to] === undefined ? [] : [textOfUtf8(row[to])]))
  if (values.length === 0) {
    throw new ResealError('TRANSFORM_INVALID', 'The table has no rows', { place, hint: 'Add one.' })
  }
  let next = 0
  const take = (): string => {
    const value = values[next] ?? ''
    next = (next + 1) % values.length
    return value
  }
  const text: Live = { changes: 'request', render: take }
  const json: Live = { changes: 'request', render: () => `"${escapedJson(take())}"` }
  return {
    mutate: (focus) => {
      putValue(focus, { text: () => text, json: () => json, isText: true })
      return undefined
    },
  }
}

function column({ names }: CsvTable, name: string, place: SourcePlace): number {
  const index = names.indexOf(name)
  if (index !== -1) return index
  throw new ResealError('TRANSFORM_INVALID', `The table has no column "${name}"`, {
    place,
    hint: `Its columns are ${names.slice(0, 12).join(', ')}.`,
  })
}
