import { z } from 'zod'
import { errorMessage, ResealError } from '../../core/errors.ts'
import { utf8OfText, textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { parseDuration } from '../../core/time.ts'
import type { Live } from '../message/live.ts'
import { mutatorRow } from '../steps/step-row.ts'
import {
  DATE_FORMATS,
  DATE_IN_TEXT,
  isDateFormat,
  readDate,
  recogniseDate,
  writeDate,
} from '../values/date-format.ts'
import type { DateReading } from '../values/date-pattern.ts'

/** A length of time with a sign, such as `-1h`, as milliseconds. */
const OFFSET = z
  .string()
  .transform((text, context) => {
    try {
      const size = parseDuration(text.replace(/^[+-]/, ''))
      if (size <= 100 * 365.25 * 86_400_000) return text.startsWith('-') ? -size : size
      context.addIssue({ code: 'custom', message: 'is longer than 100 years' })
    } catch (error) {
      // The sentence and hint of the parser, told at the place of the value.
      const hint = error instanceof ResealError ? error.hint : errorMessage(error)
      context.addIssue({ code: 'custom', message: 'is not a duration', params: { hint } })
    }
    return z.NEVER
  })
  .describe('Moves by this much instead, with a sign.')
  .meta({ examples: ['+1d', '-30m'] })

const FORMAT = z
  .string()
  .refine((format) => format === 'auto' || isDateFormat(format), {
    error: 'is no form of a date',
    params: { hint: `Write auto, one of ${DATE_FORMATS.join(', ')}, or a pattern such as yyyy-MM-dd HH:mm.` },
  })
  .describe('Form of the date: auto, a name, a pattern as Java has them, or a layout as Go has them.')
  .meta({ examples: ['auto', 'http', 'epoch_ms', 'yyyy-MM-dd HH:mm'] })

const PRECISION = z
  .string()
  .transform((text, context) => {
    try {
      const size = parseDuration(text)
      if (size > 0) return size
      context.addIssue({ code: 'custom', message: 'must be longer than nothing' })
    } catch {
      // Every unit that makes sense here is one of those.
      context.addIssue({
        code: 'custom',
        message: 'is not a duration',
        params: { hint: 'Write 24h, 1h or 1m.' },
      })
    }
    return z.NEVER
  })
  .describe('Moves by a multiple of this, so that a time of day stays.')
  .meta({ examples: ['24h'] })

const OPTIONS = z
  .strictObject({
    by: z.exactOptional(OFFSET),
    format: FORMAT.default('auto'),
    precision: z.exactOptional(PRECISION),
  })
  .describe(
    'Moves a date by the age of the recording, so that it is as far from now as it was then. Form, zone and digits stay.',
  )

/** Speedscale's `date`: layout, precision, offset. */
const SPEEDSCALE = z
  .strictObject({
    layout: z.exactOptional(FORMAT).describe('Speedscale: the form of the date.'),
    format: z.exactOptional(FORMAT),
    precision: z.exactOptional(PRECISION),
    offset: z.exactOptional(OFFSET).describe('Speedscale: moves the recorded date by this much.'),
    by: z.exactOptional(OFFSET),
  })
  .transform(({ layout, offset, format, by, ...rest }) => {
    const shift = by ?? offset
    return { ...rest, format: format ?? layout ?? 'auto', ...(shift === undefined ? {} : { by: shift }) }
  })

/** `date_shift`: moves a date to where it was from the recording's now. */
export const DATE_SHIFT = mutatorRow(
  'date_shift',
  OPTIONS,
  { shorthand: 'by', aliases: ['date'], config: SPEEDSCALE },
  ({ by, format, precision }) => ({
    mutate: (focus, { pair }) => {
      const { recorded } = focus
      const dates = datesIn(recorded, format)
      if (dates.length === 0) return { notFound: 'no date of that form' }
      const shift = (nowMs: number): number => {
        const ms = by ?? Math.floor((nowMs - pair.at) / 1000) * 1000
        return precision === undefined ? ms : Math.round(ms / precision) * precision
      }
      const written = (nowMs: number): BinaryText => shifted(recorded, dates, shift(nowMs))
      const live: Live =
        by === undefined ? { changes: 'second', render: ({ nowMs }) => written(nowMs) } : written(0)
      focus.put(() => live)
      return undefined
    },
  }),
)

interface PlacedDate {
  readonly start: number
  readonly end: number
  readonly date: DateReading
}

/** The whole text as a date; with `auto`, else the dates that stand in it. */
function datesIn(text: BinaryText, format: string): readonly PlacedDate[] {
  const whole = utf8OfText(text)
  const date = format === 'auto' ? recogniseDate(whole) : readDate(whole, format)
  if (date !== undefined) return [{ start: 0, end: text.length, date }]
  if (format !== 'auto') return []
  return [...text.matchAll(DATE_IN_TEXT)].flatMap(({ index, 0: found }) => {
    const inside = recogniseDate(found)
    return inside === undefined ? [] : [{ start: index, end: index + found.length, date: inside }]
  })
}

function shifted(text: BinaryText, dates: readonly PlacedDate[], byMs: number): BinaryText {
  let [done, result] = [0, '']
  for (const { start, end, date } of dates) {
    const written = date.write({ epochMs: date.epochMs + byMs, nanos: date.nanos })
    result += text.slice(done, start) + textOfUtf8(written)
    done = end
  }
  return result + text.slice(done)
}

const NOW_OPTIONS = z
  .strictObject({
    format: FORMAT.default('auto'),
    plus: z.exactOptional(OFFSET).describe('So much later, or earlier with a minus.'),
  })
  .describe('Puts the moment of serving in place of a date, in its form and zone.')

/** `now`: puts the moment of serving, in the form of the recorded date or in one that is named. */
export const NOW = mutatorRow('now', NOW_OPTIONS, { shorthand: 'format' }, ({ format, plus = 0 }) => ({
  mutate: (focus) => {
    const recorded = utf8OfText(focus.recorded)
    const date = format === 'auto' ? recogniseDate(recorded) : readDate(recorded, format)
    if (date === undefined && format === 'auto') return { notFound: 'no date whose form could be kept' }
    const write = (epochMs: number): string =>
      date?.write({ epochMs, nanos: 0 }) ?? writeDate(epochMs, format)
    focus.put(() => ({ changes: 'second', render: ({ nowMs }) => textOfUtf8(write(nowMs + plus)) }))
    return undefined
  },
}))
