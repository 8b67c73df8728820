import type { BinaryText } from '../../core/binary-text.ts'
import type { Codec } from './codec.ts'
import { respelt, type Spelling } from './respelling.ts'

const ESCAPED_BYTE = /%[0-9a-fA-F]{2}/g
/** What RFC 3986 §2.3 leaves as it is. */
const MUST_ESCAPE = /[^A-Za-z0-9_.~-]/g

function percentSpelling(plusIsSpace: boolean): Spelling {
  return {
    escape: plusIsSpace ? /%[0-9a-fA-F]{2}|\+/g : ESCAPED_BYTE,
    valueOf: (piece) => unescaped(piece, plusIsSpace),
    spell: (value) =>
      value.replaceAll(MUST_ESCAPE, (byte) =>
        plusIsSpace && byte === ' '
          ? '+'
          : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
      ),
  }
}

function unescaped(text: BinaryText, plusIsSpace: boolean): BinaryText {
  const spaced = plusIsSpace ? text.replaceAll('+', ' ') : text
  return spaced.replaceAll(ESCAPED_BYTE, (escape) =>
    String.fromCharCode(Number.parseInt(escape.slice(1), 16)),
  )
}

function percentText(plusIsSpace: boolean): Codec {
  return {
    name: plusIsSpace ? 'form field' : 'percent-encoding',
    decode: (outer) => unescaped(outer, plusIsSpace),
    encode: (inner) => percentSpelling(plusIsSpace).spell(inner),
  }
}

/** A field of application/x-www-form-urlencoded: percent-encoding, with `+` for a space. */
export const FORM_TEXT: Codec = percentText(true)

/** A part of a URL (RFC 3986 §2.1). */
export const URL_TEXT: Codec = percentText(false)

/** Percent-encoding that keeps the recorded spelling of what does not change (RFC 3986 §2.1). */
export function percentCodec(recorded: BinaryText, plusIsSpace: boolean): Codec {
  const { name, decode } = percentText(plusIsSpace)
  const spelling = percentSpelling(plusIsSpace)
  return { name, decode, encode: (inner) => respelt(recorded, inner, spelling) }
}
