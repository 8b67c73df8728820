/** A place in a file the user wrote; lines and columns count from 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * Every way reseal refuses, and the exit code of each: 1 unexpected, 2 usage, 3 invalid config, transform or
 * snapshot, 4 a check failed, 5 key or secret missing, unreadable or wrong, 6 address in use or upstream unreachable.
 */
export const ERRORS = {
  UNEXPECTED: 1,
  USAGE: 2,
  CONFIG_INVALID: 3,
  TRANSFORM_INVALID: 3,
  TRANSFORM_MISSING: 3,
  SNAPSHOT_MISSING: 3,
  SNAPSHOT_EXISTS: 3,
  SNAPSHOT_INVALID: 3,
  SNAPSHOT_NEWER: 3,
  SNAPSHOT_BUSY: 3,
  SNAPSHOT_WRITE: 3,
  PAIR_MISSING: 3,
  REQUESTS_INVALID: 3,
  CHECK_FAILED: 4,
  SECRET_MISSING: 5,
  SECRET_OUTSIDE: 5,
  SECRET_UNREADABLE: 5,
  SECRET_UNWRITABLE: 5,
  KEY_INVALID: 5,
  KEY_UNFIT: 5,
  KEY_MISSING: 5,
  ADDRESS_IN_USE: 6,
  ADDRESS_UNUSABLE: 6,
  UPSTREAM_UNREACHABLE: 6,
} as const

export type ErrorCode = keyof typeof ERRORS

export interface ErrorDetails {
  /** What the user can do about it, as one sentence. */
  readonly hint?: string
  readonly place?: SourcePlace
  /** Source line with a caret under the place, ready to print. */
  readonly excerpt?: string
  /** The mistakes it stands for, itself first, where one run found several. */
  readonly parts?: readonly ResealError[]
  readonly cause?: unknown
}

/**
 * The one error class: a sentence of what happened to what, a code from {@link ERRORS}, and a hint.
 * A message never holds a token, key or cookie value.
 */
export class ResealError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly place: SourcePlace | undefined
  readonly excerpt: string | undefined
  /** The mistakes it stands for, each with its own hint; empty for one that stands for itself. */
  readonly parts: readonly ResealError[]

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ResealError'
    this.code = code
    this.hint = details.hint
    this.place = details.place
    this.excerpt = details.excerpt
    this.parts = details.parts ?? []
  }

  get exitCode(): number {
    return ERRORS[this.code]
  }
}

/** One error for all that a run found in a file: the first, whose hint names the places of the others. */
export function combinedError(first: ResealError, others: readonly ResealError[]): ResealError {
  if (others.length === 0) return first
  const places = others.slice(0, 5).map(({ place }) => `${place?.line ?? 1}:${place?.column ?? 1}`)
  const more = others.length > places.length ? ' and more' : ''
  const note = `The file has ${others.length} more mistake${others.length === 1 ? '' : 's'}, at ${places.join(', ')}${more}.`
  const { code, message, hint, place, excerpt, cause } = first
  return new ResealError(code, message, {
    hint: hint === undefined ? note : `${hint} ${note}`,
    parts: [first, ...others],
    cause,
    ...(place === undefined ? {} : { place }),
    ...(excerpt === undefined ? {} : { excerpt }),
  })
}

/** The same error, told with the place it belongs to; an error that already has a place keeps it. */
export function withPlace(error: unknown, place: SourcePlace, excerpt?: string): unknown {
  if (!(error instanceof ResealError) || error.place !== undefined) return error
  return new ResealError(error.code, error.message, {
    place,
    cause: error.cause,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(excerpt === undefined ? {} : { excerpt }),
  })
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE` …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What went wrong in words, for any thrown value. */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) {
    return error.errors.map(errorMessage).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}
