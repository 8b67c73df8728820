import { z } from 'zod'
import type { BinaryText } from '../../core/binary-text.ts'
import type { Span } from '../message/focus.ts'
import { percentCodec } from '../message/percent-codec.ts'
import type { Locator } from '../steps/step.ts'
import { locatorRow } from '../steps/step-row.ts'
import { formItems } from './form-items.ts'
import { namedSpots } from './named-item.ts'
import { textLocator, type Spot } from './text-places.ts'
import { urlParts } from './url-parts.ts'

const NAME = z.string().min(1, 'must not be empty').describe('Name; every one of that name is meant.')

/** Goes to a query parameter of a URL. */
export function queryParameter(name: string): Locator {
  return textLocator((text) => {
    const { query } = urlParts(text)
    return query === undefined ? [] : fields(text, query, 'query', name)
  }, `no query parameter ${name}`)
}

function fields(text: BinaryText, { start, end }: Span, label: string, name: string): readonly Spot[] {
  return namedSpots(
    formItems(text, start, end),
    label,
    (other) => other === name,
    ({ value }) => percentCodec(text.slice(value.start, value.end), true),
  )
}

const PARAMETER = z
  .strictObject({ name: NAME.meta({ examples: ['code'] }) })
  .describe('Goes to a query parameter of a URL, percent-encoding undone.')

/** `query_param`: goes to a query parameter of a URL, such as one in a Location field. */
export const QUERY_PARAM = locatorRow(
  'query_param',
  PARAMETER,
  { shorthand: 'name', namesItself: true },
  ({ name }) => queryParameter(name),
)

const FIELD = z
  .strictObject({ name: NAME.meta({ examples: ['access_token'] }) })
  .describe('Goes to a field of a=1&b=2: a form body, or the fragment of a URL.')

/** `form_field`: goes to a field of a form (application/x-www-form-urlencoded). */
export const FORM_FIELD = locatorRow(
  'form_field',
  FIELD,
  { shorthand: 'name', namesItself: true },
  ({ name }) =>
    textLocator((text) => fields(text, { start: 0, end: text.length }, 'field', name), `no field ${name}`),
)
