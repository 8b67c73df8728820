import { z } from 'zod'

/** The name of a header or trailer field. */
export const FIELD_NAME = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header field (RFC 9110 §5.1)')
  .describe('Name of the field, in any case; every field of that name is meant.')
