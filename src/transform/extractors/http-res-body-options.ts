import { z } from 'zod'

/** `http_res_body`: the response's body. It has no options. */
export const HTTP_RES_BODY_OPTIONS = z
  .strictObject({})
  .describe("The response's body, its content codings undone.")
