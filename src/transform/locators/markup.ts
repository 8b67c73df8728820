import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import type { Codec } from '../message/codec.ts'
import type { Span } from '../message/focus.ts'
import { respelt, spelledValue, type Spelling } from '../message/respelling.ts'

/** An attribute of an element. */
export interface Attribute {
  readonly name: string
  /** With the white space in front of it. */
  readonly span: Span
  /** Without quotes. */
  readonly value: Span
}

/** Attributes of one tag beyond this number are not looked at. */
const MAX_ATTRIBUTES = 1000

const ATTRIBUTE = /\s+([^\s=>/"'<]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/dy
const TAG_END = /\s*\/?>/y

/**
 * The attributes of a tag.
 * @param at behind the tag's name
 * @returns where the tag ends, or undefined where it does not
 */
export function tagAttributes(
  text: BinaryText,
  at: number,
):
  | { readonly attributes: readonly Attribute[]; readonly end: number; readonly isEmpty: boolean }
  | undefined {
  const attributes: Attribute[] = []
  let from = at
  while (attributes.length < MAX_ATTRIBUTES) {
    ATTRIBUTE.lastIndex = from
    const found = ATTRIBUTE.exec(text)
    if (found === null) break
    const value = found.indices?.slice(2).find((indices) => indices !== undefined)
    const end = from + found[0].length
    attributes.push({
      name: found[1] ?? '',
      span: { start: from, end },
      value: value === undefined ? { start: end, end } : { start: value[0], end: value[1] },
    })
    from = end
  }
  TAG_END.lastIndex = from
  const close = TAG_END.exec(text)?.[0]
  return close === undefined
    ? undefined
    : { attributes, end: from + close.length, isEmpty: close.includes('/') }
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&amp;', '&'],
  ['&quot;', '"'],
  ['&apos;', "'"],
])

const SPELLING: Spelling = {
  escape: /&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|lt|gt|amp|quot|apos);/g,
  valueOf: (piece) => {
    const named = NAMED.get(piece)
    if (named !== undefined) return named
    const code = /^&#[xX]/.test(piece)
      ? Number.parseInt(piece.slice(3), 16)
      : Number.parseInt(piece.slice(2), 10)
    return code <= 0x10ffff ? textOfUtf8(String.fromCodePoint(code)) : piece
  },
  spell: (value) =>
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
}

/** Text of XML or HTML, character references undone; references to other entities stay as written. */
export function markupCodec(recorded: BinaryText): Codec {
  return {
    name: 'markup',
    decode: (outer) => spelledValue(outer, SPELLING),
    encode: (inner) => respelt(recorded, inner, SPELLING),
  }
}
