import { z } from 'zod'
import { requestExtractor } from '../steps/step-row.ts'

const OPTIONS = z.strictObject({}).describe("The request's body, its content codings undone.")

/** `http_req_body`: the request's body. */
export const HTTP_REQ_BODY = requestExtractor(
  'http_req_body',
  OPTIONS,
  { aliases: ['req_body'] },
  () => (request) => {
    const body = request.body()
    if (body === undefined) return { notFound: 'its content coding cannot be undone' }
    return body.recorded === '' ? { notFound: 'no body' } : [body]
  },
)
