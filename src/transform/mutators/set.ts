import { z } from 'zod'
import { OWN_OPTION } from '../steps/speedscale-text.ts'
import { mutatorRow } from '../steps/step-row.ts'
import { compileValue, putValue, TEMPLATE, VALUE } from '../values/written-value.ts'

const OPTIONS = z
  .strictObject({
    value: VALUE.describe(
      'Value of any JSON type; texts may have ${{…}} in them. Maps need value: written out.',
    ).meta({ examples: ['active', 42, 'user-${{rand_string:8}}'] }),
  })
  .describe('Puts a value in place of the recorded one.')

/** Speedscale calls the value `new`. */
const SPEEDSCALE = z
  .strictObject({
    value: z.exactOptional(VALUE).describe(OWN_OPTION),
    new: z.exactOptional(VALUE).describe('Speedscale: the value.'),
  })
  .transform((given, context) => {
    const value = given.value ?? given.new
    if (value !== undefined) return { value }
    const params = { hint: 'For example: { "new": "production" }.' }
    context.addIssue({ code: 'custom', message: 'lacks "new"', params })
    return z.NEVER
  })

/** `set`: puts a value in place of the recorded one. */
export const SET = mutatorRow(
  'set',
  OPTIONS,
  { shorthand: 'value', aliases: ['constant'], config: SPEEDSCALE },
  ({ value, place }, environment) => {
    const written = compileValue(value, environment, place)
    return {
      mutate: (focus) => {
        putValue(focus, written)
        return undefined
      },
    }
  },
)

const TEMPLATE_OPTIONS = z
  .strictObject({
    text: TEMPLATE.describe('Text with ${{…}} in it; ${{recorded}} is the recorded value.').meta({
      examples: ['Bearer ${{recorded}}', '${{now:http}}', '${{query:state}}'],
    }),
  })
  .describe('Puts a text made of other values in place of the recorded one.')

/** `template`: puts a text made of other values in place of the recorded one. */
export const TEMPLATE_STEP = mutatorRow(
  'template',
  TEMPLATE_OPTIONS,
  { shorthand: 'text' },
  ({ text, place }, environment) => {
    const written = compileValue(text, environment, place)
    return {
      mutate: (focus) => {
        putValue(focus, written)
        return undefined
      },
    }
  },
)
