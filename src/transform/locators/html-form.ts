import { z } from 'zod'
import { utf8OfText, type BinaryText } from '../../core/binary-text.ts'
import { locatorRow } from '../steps/step-row.ts'
import { markupCodec, tagAttributes, type Attribute } from './markup.ts'
import { textLocator, type Spot } from './text-places.ts'

const OPTIONS = z
  .strictObject({
    name: z
      .string()
      .min(1, 'must not be empty')
      .describe('Name of the input.')
      .meta({ examples: ['id_token', 'SAMLResponse'] }),
  })
  .describe('Goes to the value of an input of an HTML form, such as a page that posts itself (form_post).')

/** `html_form`: goes to the value of an input of an HTML form. */
export const HTML_FORM = locatorRow(
  'html_form',
  OPTIONS,
  { shorthand: 'name', namesItself: true },
  ({ name }) =>
    textLocator((text) => {
      const inputs = inputsOf(text)
      const spotOf = (wanted: string): readonly Spot[] =>
        inputs.flatMap((input) => (input.name === wanted ? [valueSpot(text, input)] : []))
      return spotOf(name).map((spot) => ({ ...spot, sibling: (other) => spotOf(other)[0] }))
    }, `no input ${name} with a value`),
)

/** What the inputs of this name hold, in the order of the page. */
export function inputValues(text: BinaryText, wanted: string): readonly BinaryText[] {
  return inputsOf(text)
    .filter(({ name }) => name === wanted)
    .map((input) => {
      const { start, end, codec } = valueSpot(text, input)
      const written = text.slice(start, end)
      return codec?.decode(written) ?? written
    })
}

interface Input {
  readonly name: string
  readonly value: Attribute
}

/** Tags beyond this number are not looked at. */
const MAX_INPUTS = 10_000

function inputsOf(text: BinaryText): readonly Input[] {
  const inputs: Input[] = []
  for (const { index, 0: tag } of text.matchAll(/<input(?=[\s/>])/gi)) {
    if (inputs.length >= MAX_INPUTS) break
    const attributes = tagAttributes(text, index + tag.length)?.attributes ?? []
    const named = (wanted: string): Attribute | undefined =>
      attributes.find(({ name }) => name.toLowerCase() === wanted)
    const [name, value] = [named('name'), named('value')]
    if (name === undefined || value === undefined) continue
    const written = text.slice(name.value.start, name.value.end)
    inputs.push({ name: utf8OfText(markupCodec(written).decode(written) ?? written), value })
  }
  return inputs
}

function valueSpot(text: BinaryText, { name, value }: Input): Spot {
  const { start, end } = value.value
  return { label: `input ${name}`, start, end, codec: markupCodec(text.slice(start, end)) }
}
