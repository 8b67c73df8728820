import { z } from 'zod'

/** Speedscale writes numbers and truth as text: `"index": "1"`, `"overwrite": "true"`. */
export const TRUTH = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])

/** A whole number, as one or as text. */
const WHOLE = z.union([
  z.int('must be a whole number'),
  z
    .string()
    .regex(/^-?\d{1,9}$/, 'is not a whole number')
    .transform(Number),
])
