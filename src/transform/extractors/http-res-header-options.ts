import { z } from 'zod'

/** `http_res_header`: a field of the response. */
export const HTTP_RES_HEADER_OPTIONS = z
  .strictObject({
    name: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header field (RFC 9110 §5.1)')
      .describe('Name of the field, in any case; every field of that name is meant.')
      .meta({ examples: ['Set-Cookie', 'Authorization'] }),
  })
  .describe('A header field of the response.')
