import { z } from 'zod'
import { utf8OfText, type BinaryText } from '../../core/binary-text.ts'
import { locatorRow } from '../steps/step-row.ts'
import { AS_IS } from '../message/codec.ts'
import { markupCodec, type Attribute } from './markup.ts'
import { textLocator, type Spot } from './text-places.ts'
import { readXmlPath, type XmlPath, type XmlPredicate } from './xml-path-syntax.ts'
import { scanXml, type XmlElement } from './xml-scan.ts'

const OPTIONS = z
  .strictObject({
    path: z
      .string()
      .superRefine((path, context) => {
        const { problem } = readXmlPath(path)
        if (problem === undefined) return
        const { message, hint, offset } = problem
        context.addIssue({ code: 'custom', message, params: { hint, offset } })
      })
      .describe(
        'Path of the elements: /a/b, //b, *, [1], [last()], [@x="y"], and a last @x for an attribute.',
      )
      .meta({ examples: ['/order/items/item[1]/@id', '//token'] }),
  })
  .describe(
    'Goes to the text of XML elements, or to an attribute. Names fit with or without their prefix. An element with elements in it is meant as it is written.',
  )

/** `xml_path`: goes to the text of XML elements, or to an attribute. */
export const XML_PATH = locatorRow(
  'xml_path',
  OPTIONS,
  { shorthand: 'path', namesItself: true },
  ({ path }) => {
    const { steps, attribute } = readXmlPath(path).path ?? { steps: [], attribute: undefined }
    return textLocator((text) => {
      const root = scanXml(text)
      if (root === undefined) return { notFound: 'not XML' }
      const elements = select(root, steps, text)
      return attribute === undefined
        ? elements.map((element) => contentSpot(text, element))
        : elements.flatMap((element) => attributeSpots(text, element, attribute))
    }, 'the path selects nothing')
  },
)

/** As in XPath, conditions count among the children of one element, also behind `//`. */
function select(root: XmlElement, steps: XmlPath['steps'], text: BinaryText): readonly XmlElement[] {
  let found: readonly Parent[] = [{ children: [root] }]
  for (const { deep, name, predicates } of steps) {
    const parents = deep ? withDescendants(found) : found
    found = parents.flatMap(({ children }) => {
      const named = children.filter((element) => isNamed(element.name, name))
      return predicates.reduce((kept, predicate) => kept.filter(fits(predicate, text)), named)
    })
  }
  return found.filter((element) => 'name' in element)
}

/** An element, or the document around the outermost one. */
type Parent = XmlElement | { readonly children: readonly XmlElement[] }

/** The elements and all in them, each once, in document order. */
function withDescendants(elements: readonly Parent[]): readonly Parent[] {
  const found = new Set<Parent>()
  for (const element of elements) {
    const stack: Parent[] = [element]
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (found.has(next)) continue
      found.add(next)
      for (const child of next.children.toReversed()) stack.push(child)
    }
  }
  return [...found]
}

function isNamed(written: string, wanted: string): boolean {
  return wanted === '*' || written === wanted || written.slice(written.indexOf(':') + 1) === wanted
}

function fits(
  predicate: XmlPredicate,
  text: BinaryText,
): (element: XmlElement, index: number, all: readonly XmlElement[]) => boolean {
  if (predicate.kind === 'last') return (_, index, all) => index === all.length - 1
  if (predicate.kind === 'position') return (_, index) => index === predicate.position - 1
  return ({ attributes }) =>
    attributes.some(
      ({ name, value }) =>
        isNamed(name, predicate.name) &&
        (predicate.value === undefined || valueOf(text, value.start, value.end) === predicate.value),
    )
}

function valueOf(text: BinaryText, start: number, end: number): string {
  const written = text.slice(start, end)
  return utf8OfText(markupCodec(written).decode(written) ?? written)
}

function contentSpot(text: BinaryText, element: XmlElement): Spot {
  const { name, start, end, content, cdata, children } = element
  const item = { items: [{ start, end }], index: 0 }
  if (cdata !== undefined) return { label: `<${name}>`, ...cdata, item }
  const codec = children.length > 0 ? AS_IS : markupCodec(text.slice(content.start, content.end))
  return { label: `<${name}>`, ...content, codec, item }
}

function attributeSpots(text: BinaryText, element: XmlElement, wanted: string): readonly Spot[] {
  const spotOf = ({ name, span, value }: Attribute): Spot => ({
    label: `<${element.name}> @${name}`,
    ...value,
    codec: markupCodec(text.slice(value.start, value.end)),
    item: { items: [span], index: 0 },
  })
  return element.attributes.filter(({ name }) => isNamed(name, wanted)).map(spotOf)
}
