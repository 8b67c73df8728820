import { z } from 'zod'
import { pathSegments, SEGMENT_INDEX } from '../locators/url-parts.ts'
import { queryParameter } from '../locators/url-parameters.ts'
import { requestExtractor } from '../steps/step-row.ts'

const URL = z.strictObject({}).describe('The request target: path and query, as the client wrote them.')

/** `http_req_url`: the request target. */
export const HTTP_REQ_URL = requestExtractor(
  'http_req_url',
  URL,
  { aliases: ['http_url'] },
  () => (request) => [request.target()],
)

const QUERY = z
  .strictObject({
    name: z
      .string()
      .min(1, 'must not be empty')
      .describe('Name of the parameter; every one of that name is meant.')
      .meta({ examples: ['state', 'nonce'] }),
  })
  .describe('A query parameter of the request, percent-encoding undone.')

/** `http_req_query`: a query parameter of the request. */
export const HTTP_REQ_QUERY = requestExtractor(
  'http_req_query',
  QUERY,
  { shorthand: 'name', aliases: ['http_queryparam'] },
  ({ name }) => {
    const locate = queryParameter(name)
    return (request) => locate(request.target())
  },
)

const SEGMENT = z
  .strictObject({ index: SEGMENT_INDEX })
  .describe("A segment of the request's path, percent-encoding undone.")

/** `http_req_segment`: a segment of the request's path. */
export const HTTP_REQ_SEGMENT = requestExtractor(
  'http_req_segment',
  SEGMENT,
  { shorthand: 'index' },
  ({ index }) => {
    const locate = pathSegments(index)
    return (request) => locate(request.target())
  },
)
