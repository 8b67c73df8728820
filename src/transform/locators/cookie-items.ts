import type { BinaryText } from '../../core/binary-text.ts'
import type { Span } from '../message/focus.ts'
import type { NamedItem } from './named-item.ts'

/** The cookies of a `Cookie` field (RFC 6265 §4.2), or the cookie and attributes of a `Set-Cookie` field (§4.1). */
export function cookieItems(text: BinaryText): readonly NamedItem[] {
  const items: NamedItem[] = []
  for (let at = 0; at < text.length;) {
    const semicolon = text.indexOf(';', at)
    const end = semicolon === -1 ? text.length : semicolon
    const span = trimmed(text, at, end)
    if (span.end > span.start) items.push(cookieItem(text, span))
    at = end + 1
  }
  return items
}

function cookieItem(text: BinaryText, span: Span): NamedItem {
  const equals = text.indexOf('=', span.start)
  const nameEnd = equals === -1 || equals > span.end ? span.end : equals
  const value = trimmed(text, Math.min(span.end, nameEnd + 1), span.end)
  return { name: text.slice(span.start, nameEnd).trim(), span, value: unquoted(text, value) }
}

/** Quotes around a cookie's value are no part of it. */
function unquoted(text: BinaryText, { start, end }: Span): Span {
  const isQuoted = end - start >= 2 && text[start] === '"' && text[end - 1] === '"'
  return isQuoted ? { start: start + 1, end: end - 1 } : { start, end }
}

/** The span without spaces and tabs around it. */
export function trimmed(text: BinaryText, start: number, end: number): Span {
  let [from, to] = [start, end]
  while (from < to && (text[from] === ' ' || text[from] === '\t')) from += 1
  while (to > from && (text[to - 1] === ' ' || text[to - 1] === '\t')) to -= 1
  return { start: from, end: to }
}
