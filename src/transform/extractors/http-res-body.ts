import { z } from 'zod'
import { responseExtractor } from '../steps/step-row.ts'

const OPTIONS = z.strictObject({}).describe("The response's body, its content codings undone.")

/** `http_res_body`: the response's body. */
export const HTTP_RES_BODY = responseExtractor(
  'http_res_body',
  OPTIONS,
  { aliases: ['res_body'] },
  () => (response) => {
    const body = response.body()
    if (body === undefined) return { notFound: 'its content coding cannot be undone' }
    return body.recorded === '' ? { notFound: 'no body' } : [body]
  },
)
