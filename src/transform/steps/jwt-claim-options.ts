import { z } from 'zod'

/** `jwt_claim`: goes to one claim of a JWT. */
export const JWT_CLAIM_OPTIONS = z
  .strictObject({
    claim: z
      .string()
      .min(1, 'must not be empty')
      .describe('Name of the claim (RFC 7519 §4).')
      .meta({ examples: ['act_token', 'nonce'] }),
  })
  .describe('Goes to one claim of a JWT, such as a token inside the token.')
