import { binaryText, bytesOfText, textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { jsonOf, stringValue } from '../../core/json.ts'
import { base64urlBytes } from '../../core/jwt.ts'
import type { Codec } from './codec.ts'
import { respelt, type Spelling } from './respelling.ts'

/**
 * The value of a JSON string literal, quotes and escapes undone (RFC 8259 §7). What comes back unchanged at either end
 * of the value keeps its spelling, so that a token spliced into a longer string moves no other byte.
 */
export function jsonStringCodec(literal: BinaryText): Codec {
  const inner = literal.slice(1, -1)
  // Without escapes the value is the text itself, and bytes that are no UTF-8 stay.
  if (!inner.includes('\\')) {
    return { name: 'JSON string', decode: () => inner, encode: (text) => `"${escapedJson(text)}"` }
  }
  return {
    name: 'JSON string',
    decode: () => {
      const value = stringValue(literal, { kind: 'string', start: 0, end: literal.length })
      return value === undefined ? undefined : textOfUtf8(value)
    },
    encode: (text) => `"${respelt(inner, text, JSON_SPELLING)}"`,
  }
}

const JSON_SPELLING: Spelling = {
  /** A surrogate pair, or another escape. */
  escape: /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\./g,
  valueOf: (piece) => {
    const literal = `"${piece}"`
    return textOfUtf8(stringValue(literal, { kind: 'string', start: 0, end: literal.length }) ?? '')
  },
  spell: escapedJson,
}

// eslint-disable-next-line no-control-regex -- RFC 8259 §7 has exactly these escaped
const MUST_ESCAPE = /["\\\x00-\x1f]/g

/** What a text is between the quotes of a JSON string (RFC 8259 §7). */
export function escapedJson(text: BinaryText): BinaryText {
  return text.replaceAll(MUST_ESCAPE, (character) => jsonOf(character).slice(1, -1))
}

/** The bytes of a base64url segment without padding (RFC 7515 §2). */
export const BASE64URL: Codec = {
  name: 'base64url',
  decode: (segment) => {
    const bytes = base64urlBytes(segment)
    return bytes === undefined ? undefined : binaryText(bytes)
  },
  encode: (text) => bytesOfText(text).toString('base64url'),
}

/**
 * The bytes of a base64 text; padding is written where it was. Line breaks, other alphabets and stray bits are no base64.
 */
export function base64Codec(recorded: BinaryText, alphabet: 'base64' | 'base64url'): Codec {
  const padded = recorded.endsWith('=') || recorded.length % 4 === 0
  const write = (text: BinaryText): BinaryText => {
    const written = bytesOfText(text).toString(alphabet).replaceAll('=', '')
    return padded && isPadding(recorded, alphabet)
      ? written.padEnd(Math.ceil(written.length / 4) * 4, '=')
      : written
  }
  return {
    name: alphabet,
    decode: (outer) => {
      const text = binaryText(Buffer.from(outer, alphabet))
      return write(text) === outer ? text : undefined
    },
    encode: write,
  }
}

/** Of a text without need of padding, base64 has it by default and base64url has not (RFC 4648 §3.2, §5). */
function isPadding(recorded: BinaryText, alphabet: 'base64' | 'base64url'): boolean {
  return recorded.endsWith('=') || alphabet === 'base64'
}
