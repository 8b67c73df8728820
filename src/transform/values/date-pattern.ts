/** A moment as a date writes it: its parts, and how far its clock is from UTC. */
export interface WrittenMoment {
  readonly epochMs: number
  /** Nanoseconds behind the millisecond, 0 to 999,999. */
  readonly nanos: number
  /** Minutes east of UTC. */
  readonly offsetMinutes: number
}

/** A form of dates: reads and writes them. */
export interface DatePattern {
  /** Undefined where the text is not of this form. */
  read(text: string): DateReading | undefined
  /** A moment in this form, in UTC, with all its parts. */
  write(epochMs: number): string
}

export interface DateReading extends WrittenMoment {
  /** Another moment in the same form: its zone, digits and letter case. */
  write(moment: { readonly epochMs: number; readonly nanos: number }): string
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

interface DateField {
  readonly pattern: string
  /** What the text says of the moment. */
  readonly read: (text: string, parts: Parts) => void
  readonly write: (parts: Readonly<Parts>, recorded: string | undefined) => string
}

interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  ms: number
  nanos: number
  offset: number
  isAfternoon: boolean | undefined
  weekday: number
}

const number = (
  name: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second',
  width: number,
  add = 0,
): DateField => ({
  pattern: width === 0 ? '\\d{1,2}' : `\\d{${width}}`,
  read: (text, parts) => {
    parts[name] = Number(text) - add
  },
  write: (parts) => String(parts[name] + add).padStart(width, '0'),
})

const names = (all: readonly string[], length: number, field: 'month' | 'weekday'): DateField => ({
  pattern: all.map((name) => (length === 0 ? name : name.slice(0, length))).join('|'),
  read: (text, parts) => {
    parts[field] = all.findIndex((name) => name.toLowerCase().startsWith(text.toLowerCase()))
  },
  write: (parts) => {
    const name = all[parts[field]] ?? ''
    return length === 0 ? name : name.slice(0, length)
  },
})

const offset = (colon: string, utc: string | undefined): DateField => ({
  pattern: `${utc === undefined ? '' : `${utc}|`}[+-]\\d{2}${colon}\\d{2}`,
  read: (text, parts) => {
    const found = /([+-])(\d{2}):?(\d{2})/.exec(text)
    const minutes = found === null ? 0 : Number(found[2]) * 60 + Number(found[3])
    parts.offset = found?.[1] === '-' ? -minutes : minutes
  },
  write: ({ offset: minutes }, recorded) => {
    if (utc !== undefined && (recorded === undefined ? minutes === 0 : recorded.toUpperCase() === utc))
      return utc
    const size = Math.abs(minutes)
    const hours = String(Math.floor(size / 60)).padStart(2, '0')
    return `${minutes < 0 ? '-' : '+'}${hours}${colon}${String(size % 60).padStart(2, '0')}`
  },
})

const FRACTION: DateField = {
  pattern: '[.,]\\d{1,9}',
  read: (text, parts) => {
    const digits = text.slice(1).padEnd(9, '0')
    parts.ms = Number(digits.slice(0, 3))
    parts.nanos = Number(digits.slice(3))
  },
  write: ({ ms, nanos }, recorded) => {
    const digits = `${String(ms).padStart(3, '0')}${String(nanos).padStart(6, '0')}`
    const length = recorded === undefined ? 3 : recorded.length - 1
    return `${recorded?.[0] ?? '.'}${digits.slice(0, length)}`
  },
}

const AFTERNOON: DateField = {
  pattern: 'AM|PM',
  read: (text, parts) => {
    parts.isAfternoon = text.toUpperCase() === 'PM'
  },
  write: ({ hour }) => (hour >= 12 ? 'PM' : 'AM'),
}

/** The letters of patterns, as Java has them; `f` is a point and digits of a second, `e` a day with a space before a single digit. */
const FIELDS: Readonly<Record<string, DateField>> = {
  yyyy: number('year', 4),
  MM: number('month', 2, 1),
  M: number('month', 0, 1),
  MMM: names(MONTHS, 3, 'month'),
  MMMM: names(MONTHS, 0, 'month'),
  dd: number('day', 2),
  d: number('day', 0),
  HH: number('hour', 2),
  H: number('hour', 0),
  hh: number('hour', 2),
  h: number('hour', 0),
  mm: number('minute', 2),
  ss: number('second', 2),
  SSS: {
    pattern: '\\d{3}',
    read: (text, parts) => {
      parts.ms = Number(text)
    },
    write: ({ ms }) => String(ms).padStart(3, '0'),
  },
  f: FRACTION,
  EEE: names(DAYS, 3, 'weekday'),
  EEEE: names(DAYS, 0, 'weekday'),
  a: AFTERNOON,
  e: {
    pattern: ' ?\\d{1,2}',
    read: (text, parts) => {
      parts.day = Number(text)
    },
    write: ({ day }) => String(day).padStart(2, ' '),
  },
  XXX: offset(':', 'Z'),
  xxx: offset(':', undefined),
  XX: offset('', 'Z'),
  xx: offset('', undefined),
  z: { pattern: 'GMT|UTC', read: () => {}, write: (_, recorded) => recorded ?? 'GMT' },
  yy: {
    pattern: '\\d{2}',
    // POSIX: 69 to 99 are of the century before.
    read: (text, parts) => {
      parts.year = Number(text) + (Number(text) < 69 ? 2000 : 1900)
    },
    write: ({ year }) => String(year % 100).padStart(2, '0'),
  },
}

const TOKEN = /'([^']*)'|([A-Za-z])\2*|[^A-Za-z']/gs

/**
 * A pattern as Java writes them: `yyyy-MM-dd'T'HH:mm:ssXXX`. `[` and `]` around a part say that it may be missing.
 * @returns undefined where a letter of the text stands for nothing
 */
export function readDatePattern(text: string): DatePattern | undefined {
  const fields: DateField[] = []
  const pieces: (DateField | string)[] = []
  let source = ''
  for (const [token, quoted, letter] of text.matchAll(TOKEN)) {
    if (letter !== undefined) {
      const field = FIELDS[token]
      if (field === undefined) return undefined
      fields.push(field)
      pieces.push(field)
      source += `(${field.pattern})`
    } else if (token === '[') source += '(?:'
    else if (token === ']') source += ')?'
    else {
      source += escaped(quoted ?? token)
      pieces.push(quoted ?? token)
    }
  }
  if (fields.length === 0) return undefined
  const expression = new RegExp(`^${source}$`, 'di')
  return {
    read: (date) => readDate(date, expression, fields),
    write: (epochMs) => {
      const parts = partsOf(epochMs, 0, 0, fields.includes(AFTERNOON))
      return pieces
        .map((piece) => (typeof piece === 'string' ? piece : writtenField(piece, parts, undefined)))
        .join('')
    },
  }
}

function escaped(literal: string): string {
  return literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

function readDate(text: string, expression: RegExp, fields: readonly DateField[]): DateReading | undefined {
  // Longer texts are no dates of any form.
  const found = text.length > 64 ? null : expression.exec(text)
  if (found === null) return undefined
  const parts = emptyParts()
  for (const [index, field] of fields.entries()) {
    const part = found[index + 1]
    if (part !== undefined) field.read(part, parts)
  }
  const epochMs = epochOf(parts)
  if (epochMs === undefined) return undefined
  const spans = fields.flatMap((field, index) => {
    const span = found.indices?.[index + 1]
    return span === undefined ? [] : [{ field, span }]
  })
  return {
    epochMs,
    nanos: parts.nanos,
    offsetMinutes: parts.offset,
    write: (moment) => {
      const next = partsOf(moment.epochMs, moment.nanos, parts.offset, parts.isAfternoon !== undefined)
      let [done, result] = [0, '']
      for (const { field, span } of spans) {
        const recorded = text.slice(span[0], span[1])
        result += text.slice(done, span[0]) + inCaseOf(recorded, writtenField(field, next, recorded))
        done = span[1]
      }
      return result + text.slice(done)
    },
  }
}

/** An hour of the twelve is written as one. */
function writtenField(
  field: DateField,
  parts: Parts & { readonly twelve: number },
  recorded: string | undefined,
): string {
  const isHour = field === FIELDS['hh'] || field === FIELDS['h']
  return field.write(isHour ? { ...parts, hour: parts.twelve } : parts, recorded)
}

function inCaseOf(recorded: string, written: string): string {
  if (!/[A-Za-z]/.test(recorded)) return written
  if (recorded === recorded.toUpperCase()) return written.toUpperCase()
  return recorded === recorded.toLowerCase() ? written.toLowerCase() : written
}

function emptyParts(): Parts {
  return {
    year: 1970,
    month: 0,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    ms: 0,
    nanos: 0,
    offset: 0,
    isAfternoon: undefined,
    weekday: 0,
  }
}

/** Undefined for a day that no calendar has; a leap second is the one before it. */
function epochOf(parts: Parts): number | undefined {
  const { year, month, day, minute, ms, isAfternoon } = parts
  const hour = isAfternoon === undefined ? parts.hour : (parts.hour % 12) + (isAfternoon ? 12 : 0)
  const second = Math.min(parts.second, 59)
  const date = new Date(Date.UTC(2000, month, day, hour, minute, second, ms))
  date.setUTCFullYear(year, month, day)
  const isReal = date.getUTCMonth() === month && date.getUTCDate() === day && hour < 24 && minute < 60
  return isReal ? date.getTime() - parts.offset * 60_000 : undefined
}

function partsOf(
  epochMs: number,
  nanos: number,
  offsetMinutes: number,
  isTwelve: boolean,
): Parts & { readonly twelve: number } {
  const date = new Date(epochMs + offsetMinutes * 60_000)
  const hour = date.getUTCHours()
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour,
    twelve: isTwelve ? hour % 12 || 12 : hour,
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    ms: date.getUTCMilliseconds(),
    nanos,
    offset: offsetMinutes,
    isAfternoon: isTwelve ? hour >= 12 : undefined,
    weekday: date.getUTCDay(),
  }
}
