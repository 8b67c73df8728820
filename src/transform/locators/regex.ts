import { z } from 'zod'
import { ResealError } from '../../core/errors.ts'
import { compilePattern } from '../values/pattern.ts'
import { PATTERN_TEXT } from '../values/pattern-schema.ts'
import { locatorRow } from '../steps/step-row.ts'
import { textLocator } from './text-places.ts'

const PATTERN = PATTERN_TEXT.describe(
  'Regular expression in the syntax of RE2; every place it fits is meant.',
).meta({ examples: ['session=([0-9a-f]+)'] })

const GROUP = z
  .int('must be a whole number')
  .min(0, 'must be 0 or more')
  .describe('Capture group that is meant; 0 for all that fits. Default: 1 if there is a group, else 0.')
  .meta({ examples: [1] })

const OPTIONS = z
  .strictObject({ pattern: PATTERN, group: z.exactOptional(GROUP) })
  .describe(
    'Goes to what a regular expression finds. Takes time in proportion to the text, whatever it holds.',
  )

/** Speedscale calls the group `captureGroup`. */
const SPEEDSCALE = z
  .strictObject({
    pattern: PATTERN,
    group: z.exactOptional(GROUP),
    captureGroup: z
      .exactOptional(z.union([z.int(), z.string().regex(/^\d+$/, 'is not a number').transform(Number)]))
      .describe('Speedscale: the capture group.'),
  })
  .transform(({ captureGroup, ...options }) => ({
    ...options,
    // All that fits, where Speedscale is not told of a group.
    group: captureGroup ?? options.group ?? 0,
  }))

/** `regex`: goes to what a regular expression finds, or to one of its groups. */
export const REGEX = locatorRow(
  'regex',
  OPTIONS,
  { shorthand: 'pattern', namesItself: true, config: SPEEDSCALE },
  ({ pattern, group }) => {
    const compiled = compilePattern(pattern)
    const meant = group ?? Math.min(1, compiled.groups)
    if (meant > compiled.groups) {
      throw new ResealError('TRANSFORM_INVALID', `The pattern has no group ${meant}`, {
        hint: `It has ${compiled.groups}, counted by opening brackets.`,
      })
    }
    return textLocator(
      (text) =>
        compiled.matches(text).flatMap((groups) => {
          const span = groups[meant]
          return span === undefined ? [] : [{ label: `match at ${span.start}`, ...span }]
        }),
      'the pattern fits nowhere',
    )
  },
)
