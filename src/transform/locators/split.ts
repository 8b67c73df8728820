import { z } from 'zod'
import { textOfUtf8 } from '../../core/binary-text.ts'
import type { BinaryText } from '../../core/binary-text.ts'
import type { Span } from '../message/focus.ts'
import { WHOLE } from '../steps/speedscale-text.ts'
import { locatorRow } from '../steps/step-row.ts'
import { textLocator } from './text-places.ts'
import { trimmed } from './cookie-items.ts'

const OPTIONS = z
  .strictObject({
    separator: z
      .string()
      .min(1, 'must not be empty')
      .max(100)
      .describe('What stands between the parts.')
      .meta({ examples: [',', ' ', '|'] }),
    index: z
      .exactOptional(z.int('must be a whole number').min(-100_000).max(100_000))
      .describe('Position of the part, from 0; from the end where it is negative. Default: every part.')
      .meta({ examples: [0, -1] }),
  })
  .describe('Goes to the parts of a text, spaces around them left out.')

/** Speedscale parts at commas, and means the first part, unless it is told otherwise. */
const SPEEDSCALE = z.strictObject({
  separator: OPTIONS.shape.separator.default(','),
  index: WHOLE.default(0).describe('Speedscale: position of the part, from 0.'),
})

/** `split`: goes to the parts of a text between separators. */
export const SPLIT = locatorRow(
  'split',
  OPTIONS,
  { shorthand: 'separator', namesItself: true, config: SPEEDSCALE },
  ({ separator, index }) =>
    textLocator(
      (text) => {
        const items = partsOf(text, textOfUtf8(separator))
        const wanted = index === undefined ? undefined : index < 0 ? items.length + index : index
        return items.flatMap((span, at) =>
          wanted === undefined || at === wanted
            ? [{ label: `part ${at}`, ...span, item: { items, index: at } }]
            : [],
        )
      },
      `there is no part ${index ?? 0}`,
    ),
)

function partsOf(text: BinaryText, separator: BinaryText): readonly Span[] {
  const parts: Span[] = []
  for (let at = 0; at <= text.length;) {
    const next = text.indexOf(separator, at)
    const end = next === -1 ? text.length : next
    parts.push(trimmed(text, at, end))
    at = end + separator.length
  }
  return parts
}
