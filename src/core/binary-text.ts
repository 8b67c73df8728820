/**
 * Binary text: a string in which each character is one byte (latin-1). Offsets into it are byte offsets, and any
 * bytes at all, valid UTF-8 or not, survive a trip through it unchanged.
 */
export type BinaryText = string

export function binaryText(bytes: Uint8Array): BinaryText {
  // To look at a Buffer as another one is half the work for a short text.
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1')
}

export function bytesOfText(text: BinaryText): Buffer {
  return Buffer.from(text, 'latin1')
}

/** Four bytes of a text from `at` as one number of 32 bits, the first byte the lowest. */
export function wordOfText(text: BinaryText, at: number): number {
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  )
}

/** What the bytes say as UTF-8; invalid sequences become U+FFFD. */
export function utf8OfText(text: BinaryText): string {
  return ASCII_ONLY.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8')
}

/** The UTF-8 bytes of a string, as binary text. */
export function textOfUtf8(value: string): BinaryText {
  return ASCII_ONLY.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1')
}

// eslint-disable-next-line no-control-regex -- the whole 7-bit range is meant
const ASCII_ONLY = /^[\x00-\x7f]*$/
