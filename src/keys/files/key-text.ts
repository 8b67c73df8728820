import { binaryText } from '../../core/binary-text.ts'

/** A key file's text with the wrappings undone that nobody meant to put there. */
export interface KeyText {
  readonly text: string
  /** What was undone, in words that follow "the file": `begins with a byte order mark`. */
  readonly notes: readonly string[]
}

export const PEM_BEGIN = '-----BEGIN '

/**
 * Undoes what editors, shells, environment variables and YAML do to key files: UTF-16, a byte order mark, `\n`
 * written as two characters, base64 around the whole. What a PEM block suffers inside, `pem.ts` undoes.
 * @param bytes of the file; other bytes than text survive as latin-1 characters
 */
export function keyText(bytes: Uint8Array): KeyText {
  const decoded = withoutByteOrderMark(bytes)
  const unescaped = withRealNewlines(decoded)
  return withoutOuterBase64(unescaped)
}

/** The bytes of text that is wholly base64 or base64url, white space allowed; undefined for other text. */
export function base64Bytes(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, '')
  if (compact === '' || !/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(compact)) return undefined
  return Buffer.from(compact, 'base64')
}

function withoutByteOrderMark(bytes: Uint8Array): KeyText {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return { text: Buffer.from(bytes.subarray(2)).toString('utf16le'), notes: ['is UTF-16 text'] }
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { text: binaryText(bytes.subarray(3)), notes: ['begins with a byte order mark'] }
  }
  return { text: binaryText(bytes), notes: [] }
}

/** Only PEM text is changed: in an HMAC secret a backslash may be meant. */
function withRealNewlines({ text, notes }: KeyText): KeyText {
  if (!text.includes(PEM_BEGIN) || !/\\r?\\n|\\n/.test(text)) return { text, notes }
  return {
    text: text.replaceAll(/(?:\\r)?\\n/g, '\n'),
    notes: [...notes, 'has "\\n" written out in place of line ends'],
  }
}

function withoutOuterBase64({ text, notes }: KeyText): KeyText {
  const inner = text.includes(PEM_BEGIN) ? undefined : base64Bytes(text)?.toString('latin1')
  if (inner === undefined) return { text, notes }
  if (inner.includes(PEM_BEGIN)) {
    const rest = withRealNewlines({ text: inner, notes: [] })
    return { text: rest.text, notes: [...notes, 'is base64 of a PEM file', ...rest.notes] }
  }
  if (/^\s*\{[\s\S]*"kty"/.test(inner)) return { text: inner, notes: [...notes, 'is base64 of a JWK'] }
  return { text, notes }
}
