import { hash } from 'node:crypto'
import type { BinaryText } from '../core/binary-text.ts'

/** Not a byte of any text in UTF-8. */
const MARK = Buffer.of(0xff)

/** SHA-256 of a text, of which every UTF-16 unit counts, those that are no character too; in base64url. */
export function textDigest(text: string): string {
  return hash('sha256', hashed(text), 'base64url')
}

/** The same as 32 bytes. */
export function textDigestBytes(text: string): BinaryText {
  return hash('sha256', hashed(text), 'binary')
}

/** A text is hashed as UTF-8, which is a third of the work of a buffer; UTF-8 would lose what is no character. */
function hashed(text: string): string | Buffer {
  return text.isWellFormed() ? text : Buffer.concat([MARK, Buffer.from(text, 'utf16le')])
}
