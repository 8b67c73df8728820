import { z } from 'zod'
import { responseExtractor } from '../steps/step-row.ts'

const STATUS = z.strictObject({}).describe('The status code of the response; its reason phrase follows it.')

/** `http_res_status`: the status code, as digits. */
export const HTTP_RES_STATUS = responseExtractor(
  'http_res_status',
  STATUS,
  { aliases: ['http_status', 'http_status_code'] },
  () => (response) => [response.status()],
)

const LATENCY = z
  .strictObject({})
  .describe('Milliseconds from the request to the head of the response; what is put there is waited for.')

/** `http_res_latency`: how long the response takes, as digits. */
export const HTTP_RES_LATENCY = responseExtractor(
  'http_res_latency',
  LATENCY,
  { aliases: ['latency'] },
  () => (response) => [response.latency()],
)
