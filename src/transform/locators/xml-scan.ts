import type { BinaryText } from '../../core/binary-text.ts'
import type { Span } from '../message/focus.ts'
import { tagAttributes, type Attribute } from './markup.ts'

/** An element of an XML document with its place in the text. */
export interface XmlElement extends Span {
  /** As written, prefix included. */
  readonly name: string
  readonly attributes: readonly Attribute[]
  /** What stands between its tags; empty for an element without content. */
  readonly content: Span
  readonly children: readonly XmlElement[]
  /** Where all of its content is one CDATA section: what is in it. */
  readonly cdata: Span | undefined
  readonly parent: XmlElement | undefined
}

/** Documents of more elements are not read. */
const MAX_ELEMENTS = 200_000

interface OpenElement {
  name: string
  start: number
  end: number
  attributes: readonly Attribute[]
  content: { start: number; end: number }
  children: OpenElement[]
  cdata: Span | undefined
  parent: OpenElement | undefined
}

const NAME = /[^\s/>=<"']+/y

/**
 * Reads an XML document into spans, without recursion and without expanding entities; what it does not look at (comments,
 * a document type, processing instructions) it passes over.
 * @returns undefined where the text is not one element with what may stand around it
 */
export function scanXml(text: BinaryText): XmlElement | undefined {
  let open: OpenElement | undefined
  let root: OpenElement | undefined
  let elements = 0
  let at = text.indexOf('<')
  if (at === -1 || text.slice(0, at).replace('\xef\xbb\xbf', '').trim() !== '') return undefined

  while (at !== -1) {
    const passed = pastOther(text, at)
    if (passed === undefined) return undefined
    if (passed > at) {
      if (open !== undefined && text.startsWith('<![CDATA[', at)) noteCdata(open, at, passed)
      at = text.indexOf('<', passed)
      continue
    }
    if (text[at + 1] === '/') {
      const end = text.indexOf('>', at)
      if (open === undefined || end === -1 || text.slice(at + 2, end).trim() !== open.name) return undefined
      closeElement(open, at, end + 1)
      open = open.parent
      at = text.indexOf('<', end)
    } else {
      NAME.lastIndex = at + 1
      const name = NAME.exec(text)?.[0]
      const tag = name === undefined ? undefined : tagAttributes(text, at + 1 + name.length)
      elements += 1
      if (name === undefined || tag === undefined || elements > MAX_ELEMENTS) return undefined
      if (open === undefined && root !== undefined) return undefined
      const element = openElement(name, at, tag, open)
      root ??= element
      open?.children.push(element)
      if (!tag.isEmpty) open = element
      at = text.indexOf('<', tag.end)
    }
  }
  return open === undefined ? root : undefined
}

/** Behind a comment, CDATA section, instruction or document type; the place itself where there is none. */
function pastOther(text: BinaryText, at: number): number | undefined {
  const behind = (end: string, from: number): number | undefined => {
    const found = text.indexOf(end, from)
    return found === -1 ? undefined : found + end.length
  }
  if (text.startsWith('<!--', at)) return behind('-->', at + 4)
  if (text.startsWith('<![CDATA[', at)) return behind(']]>', at + 9)
  if (text.startsWith('<?', at)) return behind('?>', at + 2)
  if (!text.startsWith('<!', at)) return at
  const bracket = text.indexOf('[', at)
  const end = text.indexOf('>', at)
  return bracket !== -1 && bracket < end ? behind('>', text.indexOf(']', bracket)) : behind('>', at)
}

function openElement(
  name: string,
  start: number,
  tag: { readonly attributes: readonly Attribute[]; readonly end: number },
  parent: OpenElement | undefined,
): OpenElement {
  const { attributes, end } = tag
  return {
    name,
    start,
    end,
    attributes,
    content: { start: end, end },
    children: [],
    cdata: undefined,
    parent,
  }
}

function noteCdata(open: OpenElement, start: number, end: number): void {
  if (start === open.content.start) open.cdata = { start: start + 9, end: end - 3 }
}

function closeElement(element: OpenElement, contentEnd: number, end: number): void {
  element.content.end = contentEnd
  element.end = end
  if (element.cdata !== undefined && element.cdata.end + 3 !== contentEnd) element.cdata = undefined
}
