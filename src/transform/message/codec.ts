import type { BinaryText } from '../../core/binary-text.ts'

/** How a text is written inside another one: a JSON string literal, a base64url segment. */
export interface Codec {
  readonly name: string
  /** @returns undefined when the outer text is not of this form */
  decode(outer: BinaryText): BinaryText | undefined
  encode(inner: BinaryText): BinaryText
}

/** The inner text is the outer text. */
export const AS_IS: Codec = { name: 'as is', decode: (outer) => outer, encode: (inner) => inner }
