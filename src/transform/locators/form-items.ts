import { utf8OfText, type BinaryText } from '../../core/binary-text.ts'
import { FORM_TEXT } from '../message/percent-codec.ts'
import type { NamedItem } from './named-item.ts'

/** One field of a form or query. */
export interface FormItem extends NamedItem {
  /** The value with escapes undone. */
  decoded(text: BinaryText): BinaryText
}

/**
 * The fields of `a=1&b=2` (application/x-www-form-urlencoded), in order. A field without `=` has an empty value.
 * @param start where in the text they begin
 * @param end where they end; default the end of the text
 */
export function formItems(text: BinaryText, start: number, end = text.length): readonly FormItem[] {
  const items: FormItem[] = []
  let at = start
  while (at < end) {
    const ampersand = text.indexOf('&', at)
    const stop = ampersand === -1 || ampersand > end ? end : ampersand
    if (stop > at) items.push(formItem(text, at, stop))
    at = stop + 1
  }
  return items
}

function formItem(text: BinaryText, start: number, end: number): FormItem {
  const equals = text.indexOf('=', start)
  const nameEnd = equals === -1 || equals > end ? end : equals
  const value = { start: Math.min(end, nameEnd + 1), end }
  const name = text.slice(start, nameEnd)
  return {
    name: utf8OfText(FORM_TEXT.decode(name) ?? name),
    span: { start, end },
    value,
    decoded: (whole) => {
      const written = whole.slice(value.start, value.end)
      return FORM_TEXT.decode(written) ?? written
    },
  }
}
