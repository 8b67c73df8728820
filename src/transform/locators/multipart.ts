import { z } from 'zod'
import { utf8OfText, type BinaryText } from '../../core/binary-text.ts'
import type { Span } from '../message/focus.ts'
import { locatorRow } from '../steps/step-row.ts'
import { textLocator, type Spot } from './text-places.ts'

const OPTIONS = z
  .strictObject({
    name: z
      .string()
      .min(1, 'must not be empty')
      .describe('Name of the field; every one of that name is meant.')
      .meta({ examples: ['file'] }),
  })
  .describe('Goes to the content of a field of multipart/form-data (RFC 7578).')

/** `multipart_field`: goes to the content of a field of multipart/form-data. */
export const MULTIPART_FIELD = locatorRow(
  'multipart_field',
  OPTIONS,
  { shorthand: 'name', namesItself: true },
  ({ name }) =>
    textLocator((text) => {
      const parts = partsOf(text)
      if (parts === undefined) return { notFound: 'not multipart' }
      return parts.flatMap((part): readonly Spot[] =>
        part.name === name ? [{ label: `field ${name}`, ...part.content }] : [],
      )
    }, `no field ${name}`),
)

interface Part {
  readonly name: string | undefined
  readonly content: Span
}

/** Parts beyond this number are not looked at. */
const MAX_PARTS = 10_000

/** The boundary is what the text begins with, after a preamble of lines that do not begin with two dashes. */
function partsOf(text: BinaryText): readonly Part[] | undefined {
  const boundary = /(?:^|\r\n)(--[^\r\n]{1,100}?)[ \t]*\r\n/.exec(text.slice(0, 8192))
  const delimiter = boundary?.[1]
  if (boundary === null || delimiter === undefined) return undefined
  const parts: Part[] = []
  let at = text.indexOf(delimiter, boundary.index)
  while (parts.length < MAX_PARTS) {
    const start = text.indexOf('\r\n', at + delimiter.length)
    const end = start === -1 ? -1 : text.indexOf(`\r\n${delimiter}`, start)
    if (end === -1) return parts
    parts.push(partBetween(text, start + 2, end))
    at = end + 2
  }
  return parts
}

function partBetween(text: BinaryText, start: number, end: number): Part {
  const blank = text.indexOf('\r\n\r\n', start - 2)
  const headEnd = blank === -1 || blank > end ? end : blank
  const head = text.slice(start, headEnd)
  const name = /^content-disposition:[^\r\n]*?[;\s]name=(?:"([^"]*)"|([^;\s]*))/im.exec(head)
  const written = name?.[1] ?? name?.[2]
  const content = { start: Math.min(end, headEnd + 4), end }
  return { name: written === undefined ? undefined : utf8OfText(written), content }
}
