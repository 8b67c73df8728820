import { z } from 'zod'

/** True or false; Speedscale writes both as text: `"overwrite": "true"`. */
export const TRUTH = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])

/** A whole number, as one or as text. */
export const WHOLE = z.union([
  z.int('must be a whole number'),
  z
    .string()
    .regex(/^\d{1,9}$/, 'is not a whole number')
    .transform(Number),
])

/** Of an option that `config` may have in reseal's own spelling too. */
export const OWN_OPTION = "As in reseal's own spelling."
