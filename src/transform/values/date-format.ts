import { readDatePattern, type DatePattern, type DateReading } from './date-pattern.ts'

/**
 * Forms of dates by name: those of HTTP and ISO 8601, Go's layouts and Java's formatters by their names. Times without
 * a zone are UTC.
 */
const PATTERNS: Readonly<Record<string, string>> = {
  iso: "yyyy-MM-dd'T'HH:mm:ss[f][XXX]",
  iso_basic: "yyyyMMdd'T'HHmmss[f][XX]",
  iso_date: 'yyyy-MM-dd',
  http: 'EEE, dd MMM yyyy HH:mm:ss z',
  http_rfc850: 'EEEE, dd-MMM-yy HH:mm:ss z',
  cookie: 'EEE, dd-MMM-yyyy HH:mm:ss z',
  sql: 'yyyy-MM-dd HH:mm:ss[f]',
  RFC3339: "yyyy-MM-dd'T'HH:mm:ssXXX",
  RFC3339Nano: "yyyy-MM-dd'T'HH:mm:ss[f]XXX",
  RFC1123: 'EEE, dd MMM yyyy HH:mm:ss z',
  RFC1123Z: 'EEE, dd MMM yyyy HH:mm:ss xx',
  RFC850: 'EEEE, dd-MMM-yy HH:mm:ss z',
  RFC822: 'dd MMM yy HH:mm z',
  RFC822Z: 'dd MMM yy HH:mm xx',
  RubyDate: 'EEE MMM dd HH:mm:ss xx yyyy',
  UnixDate: 'EEE MMM e HH:mm:ss z yyyy',
  ANSIC: 'EEE MMM e HH:mm:ss yyyy',
  DateTime: 'yyyy-MM-dd HH:mm:ss',
  DateOnly: 'yyyy-MM-dd',
  ISO_INSTANT: "yyyy-MM-dd'T'HH:mm:ss[f]XXX",
  ISO_OFFSET_DATE_TIME: "yyyy-MM-dd'T'HH:mm:ss[f]XXX",
  ISO_LOCAL_DATE_TIME: "yyyy-MM-dd'T'HH:mm:ss[f]",
  ISO_LOCAL_DATE: 'yyyy-MM-dd',
  BASIC_ISO_DATE: 'yyyyMMdd',
  RFC_1123_DATE_TIME: 'EEE, d MMM yyyy HH:mm:ss z',
}

/** Digits since 1970: in a second, so many of them. */
const EPOCHS: Readonly<Record<string, number>> = { epoch: 1, epoch_ms: 1e3, epoch_us: 1e6, epoch_ns: 1e9 }

/** All names of forms, in the order messages list them. */
export const DATE_FORMATS: readonly string[] = [...Object.keys(PATTERNS), ...Object.keys(EPOCHS)]

/** A name of {@link DATE_FORMATS}, Go's reference time in any layout, or a pattern as Java has them. */
export function isDateFormat(text: string): boolean {
  return Object.hasOwn(EPOCHS, text) || patternOf(text) !== undefined
}

/** Reads a date of one form; undefined where the text is none. */
export function readDate(text: string, format: string): DateReading | undefined {
  return Object.hasOwn(EPOCHS, format) ? readEpoch(text, EPOCHS[format] ?? 1) : patternOf(format)?.read(text)
}

/** A moment in a form, in UTC. */
export function writeDate(epochMs: number, format: string): string {
  if (Object.hasOwn(EPOCHS, format)) return epochText(epochMs, 0, EPOCHS[format] ?? 1)
  return patternOf(format)?.write(epochMs) ?? new Date(epochMs).toISOString()
}

/** Finds out the form; digits count as seconds, milliseconds, microseconds or nanoseconds by how many they are. */
export function recogniseDate(text: string): DateReading | undefined {
  if (/^\d+$/.test(text)) {
    const unit = DIGITS[text.length]
    return unit === undefined ? undefined : readEpoch(text, unit)
  }
  for (const format of AUTO) {
    const reading = readDate(text, format)
    if (reading !== undefined) return reading
  }
  return undefined
}

const DIGITS: Readonly<Record<number, number>> = { 10: 1, 13: 1e3, 16: 1e6, 19: 1e9 }
const AUTO = [
  'iso',
  'sql',
  'http',
  'http_rfc850',
  'cookie',
  'RFC1123Z',
  'iso_basic',
  'iso_date',
  'ANSIC',
  'UnixDate',
  'RubyDate',
]

/** Dates that may stand inside a longer text. */
export const DATE_IN_TEXT =
  /\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:\d{2})?)?|[A-Z][a-z]{2}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|[+-]\d{4})/g

function patternOf(format: string): DatePattern | undefined {
  if (format.length > 100) return undefined
  return readDatePattern(Object.hasOwn(PATTERNS, format) ? (PATTERNS[format] ?? '') : javaPattern(format))
}

/** The parts of Go's reference time, Mon Jan 2 15:04:05 MST 2006, and what Java has for them; longer ones first. */
const GO_PARTS: readonly (readonly [go: string, java: string])[] = [
  ['January', 'MMMM'],
  ['Monday', 'EEEE'],
  ['Z07:00', 'XXX'],
  ['-07:00', 'xxx'],
  ['Z0700', 'XX'],
  ['-0700', 'xx'],
  ['.000000000', 'f'],
  ['.999999999', '[f]'],
  ['.000000', 'f'],
  ['.000', 'f'],
  ['2006', 'yyyy'],
  ['MST', 'z'],
  ['Jan', 'MMM'],
  ['Mon', 'EEE'],
  ['01', 'MM'],
  ['02', 'dd'],
  ['03', 'hh'],
  ['04', 'mm'],
  ['05', 'ss'],
  ['06', 'yy'],
  ['15', 'HH'],
  ['PM', 'a'],
  ['_2', 'e'],
  ['T', "'T'"],
]

function javaPattern(format: string): string {
  if (!/2006|Jan|15:04|02/.test(format)) return format
  let pattern = ''
  for (let at = 0; at < format.length;) {
    const part = GO_PARTS.find(([go]) => format.startsWith(go, at))
    pattern += part?.[1] ?? format[at] ?? ''
    at += part?.[0].length ?? 1
  }
  return pattern
}

function readEpoch(text: string, perSecond: number): DateReading | undefined {
  const found = /^(-?\d{1,19})(\.\d{1,9})?$/.exec(text)
  if (found === null) return undefined
  const [, whole = '0', fraction = ''] = found
  const nanosTotal = BigInt(whole) * BigInt(1e9 / perSecond)
  const epochMs = Number(nanosTotal / 1_000_000n)
  return {
    epochMs,
    nanos: Number(nanosTotal % 1_000_000n),
    offsetMinutes: 0,
    write: (moment) => epochText(moment.epochMs, moment.nanos, perSecond) + fraction,
  }
}

function epochText(epochMs: number, nanos: number, perSecond: number): string {
  const total = BigInt(Math.floor(epochMs)) * 1_000_000n + BigInt(nanos)
  const unit = BigInt(1e9 / perSecond)
  const floor = total < 0n && total % unit !== 0n ? total / unit - 1n : total / unit
  return String(floor)
}
