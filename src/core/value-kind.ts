import { parseJwt } from './jwt.ts'

interface KindRow {
  /** Whether a text is one, as a whole, in time linear in its length. */
  readonly fits: (text: string) => boolean
  /** What every text with one in it fits, as a glob of SQLite; undefined where to look is as dear as to compare. */
  readonly glob?: string
}

/** Kinds of value that are new with every request. */
const VALUE_KINDS = {
  uuid: { fits: isUuid, glob: '*-????-????-????-*' },
  timestamp: { fits: isTimestamp },
  // `{` and a quote or white space in base64url (`JWT_BEGINNINGS`).
  jwt: { fits: isJwt, glob: '*e[yw][AIJKLko0]*' },
  nonce: { fits: isNonce },
} as const satisfies Readonly<Record<string, KindRow>>

export type ValueKind = keyof typeof VALUE_KINDS

/** Their names, as users write them. */
export const VALUE_KIND_NAMES = ['uuid', 'timestamp', 'jwt', 'nonce'] as const satisfies readonly ValueKind[]

/** The first of these kinds that the text is of. */
export function kindOfValue(text: string, kinds: readonly ValueKind[]): ValueKind | undefined {
  return kinds.find((kind) => VALUE_KINDS[kind].fits(text))
}

/** Globs of which a text that has a value of one of these kinds in it fits one; undefined where nothing so short says so. */
export function globsOf(kinds: readonly ValueKind[]): readonly string[] | undefined {
  const rows: readonly KindRow[] = kinds.map((kind) => VALUE_KINDS[kind])
  const globs = rows.flatMap(({ glob }) => glob ?? [])
  return globs.length === kinds.length ? globs : undefined
}

/** RFC 9562 §4, any version and variant, perhaps as a URN. */
const UUID = /^(?:urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function isUuid(text: string): boolean {
  return text.length >= 36 && text.length <= 45 && UUID.test(text)
}

/** RFC 3339 §5.6, with a space for `T` and without an offset as well. A date without a time is business, not noise. */
const DATE_TIME = /^\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d(?::?\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?$/i
/** IMF-fixdate (RFC 9110 §5.6.7). */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/
const EPOCH = /^(\d{10}|\d{13}|\d{16}|\d{19})(?:\.\d{1,9})?$/
/** 2001-09-09 to 2100-01-01, in seconds: before it a number of ten digits begins with 0. */
const [FIRST_EPOCH_S, LAST_EPOCH_S] = [1_000_000_000, 4_102_444_800]

function isTimestamp(text: string): boolean {
  if (text.length < 10 || text.length > 40) return false
  const epoch = EPOCH.exec(text)?.[1]
  if (epoch === undefined) return DATE_TIME.test(text) || HTTP_DATE.test(text)
  const seconds = Number(epoch.slice(0, 10))
  return seconds >= FIRST_EPOCH_S && seconds < LAST_EPOCH_S
}

function isJwt(text: string): boolean {
  return text.startsWith('e') && parseJwt(text) !== undefined
}

const NONCE_CHARACTERS = /^[A-Za-z0-9_+/-]{16,256}={0,2}$/
const NONCE_RUN = /[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]/g

/**
 * Text from a random source, in hex, base64 or base64url: it changes between small and capital letters, digits and
 * marks at least once in four characters, which words and numbers do not, and is no slug of short words.
 */
function isNonce(text: string): boolean {
  if (!NONCE_CHARACTERS.test(text) || !isMixed(text)) return false
  const bare = text.replace(/=+$/, '')
  return (bare.match(NONCE_RUN)?.length ?? 0) * 4 >= bare.length
}

/** A digit, or small and capital letters: of texts of 16 random characters one in 200,000 lacks both. */
function isMixed(text: string): boolean {
  return /[0-9]/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text))
}
