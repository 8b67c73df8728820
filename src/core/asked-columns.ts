/** Words of 32 bits that stand for what a request asks: 128 bits of a digest, so that equal ones are equal questions. */
export const KEY_WORDS = 4

/** What an index needs to know of a pair besides its question, as bits. */
export const ASKED_FLAGS = {
  /** It can be replayed. */
  servable: 1,
  /** It is the answer to a request whose content was never asked for. */
  refusal: 2,
  /** Its client did not wait for the end. */
  abandoned: 4,
  /** Its question holds a placeholder, and its key stands for the kinds of its secrets. */
  redacted: 8,
} as const

/** Small numbers, in as few bytes as the highest needs. */
export type SmallNumbers = Uint8Array | Uint16Array | Uint32Array

/** Room for numbers up to a highest one. */
export function smallNumbers(count: number, highest: number): SmallNumbers {
  if (highest < 2 ** 8) return new Uint8Array(count)
  return highest < 2 ** 16 ? new Uint16Array(count) : new Uint32Array(count)
}

/** Every pair of a snapshot as an index needs it, a column each, in order of arrival: numbers only, some 30 bytes a pair. */
export interface AskedColumns {
  readonly ids: Float64Array
  /** {@link KEY_WORDS} words a pair. */
  readonly keys: Uint32Array
  /** Positions in `originNames`. */
  readonly origins: SmallNumbers
  /** Positions in `subjectNames`, from 1; 0 is nobody. */
  readonly subjects: SmallNumbers
  /** Bits of {@link ASKED_FLAGS}. */
  readonly flags: Uint8Array
  readonly originNames: readonly string[]
  readonly subjectNames: readonly string[]
  /** Rows of redacted pairs whose keys were made by other rules of redaction: they say nothing. */
  readonly stale: readonly number[]
}

/** What is written of a pair for its row in {@link AskedColumns}. */
export interface AskedFacts {
  /** `KEY_WORDS` words, little-endian. */
  readonly key: Uint8Array
  /** Whom it was asked for; undefined for nobody. */
  readonly subject: string | undefined
  readonly flags: number
  /** 24 bits that stand for the rules by which a redacted question was made; 0 for no rules that could be known again. */
  readonly redaction: number
}
