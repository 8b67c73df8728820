import { z } from 'zod'

/** The name of a header or trailer field. */
export const FIELD_NAME = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header field (RFC 9110 §5.1)')
  .describe('Name of the field, in any case; every field of that name is meant.')

/** Options with the name of a field as Speedscale spells them: `header` for `name`. */
export const SPEEDSCALE_FIELD = z
  .strictObject({
    name: z.exactOptional(FIELD_NAME),
    header: z.exactOptional(FIELD_NAME).describe('Speedscale: the name of the field.'),
  })
  .transform(({ name, header }, context) => {
    const field = name ?? header
    if (field !== undefined) return { name: field }
    const params = { hint: 'For example: { "name": "Set-Cookie" }.' }
    context.addIssue({ code: 'custom', message: 'lacks "name"', params })
    return z.NEVER
  })
