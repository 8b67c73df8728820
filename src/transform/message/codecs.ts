import { binaryText, bytesOfText, textOfUtf8, utf8OfText } from '../../core/binary-text.ts'
import { jsonOf, stringValue } from '../../core/json.ts'
import { base64urlBytes } from '../../core/jwt.ts'
import type { Codec } from './focus.ts'

/** The value of a JSON string literal, quotes and escapes undone (RFC 8259 §7). */
export const JSON_STRING: Codec = {
  name: 'JSON string',
  decode: (literal) => {
    const value = stringValue(literal, { kind: 'string', start: 0, end: literal.length })
    return value === undefined ? undefined : textOfUtf8(value)
  },
  encode: (text) => jsonOf(utf8OfText(text)),
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
