import { z } from 'zod'

/** True or false; Speedscale writes both as text: `"overwrite": "true"`. */
export const TRUTH = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
