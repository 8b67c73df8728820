import { z } from 'zod'
import { requestExtractor, responseExtractor } from '../steps/step-row.ts'
import { FIELD_NAME, SPEEDSCALE_FIELD } from './field-name.ts'

const RES_HEADER = z
  .strictObject({ name: FIELD_NAME.meta({ examples: ['Set-Cookie', 'Authorization'] }) })
  .describe('A header field of the response.')

/** `http_res_header`: a header field of the response. */
export const HTTP_RES_HEADER = responseExtractor(
  'http_res_header',
  RES_HEADER,
  { shorthand: 'name', config: SPEEDSCALE_FIELD },
  ({ name }) =>
    (response) => {
      const places = response.header(name)
      return places.length === 0 ? { notFound: `no header ${name}` } : places
    },
)

const RES_TRAILER = z
  .strictObject({ name: FIELD_NAME.meta({ examples: ['Server-Timing'] }) })
  .describe('A trailer field of the response.')

/** `http_res_trailer`: a trailer field of the response (RFC 9110 §6.5). */
export const HTTP_RES_TRAILER = responseExtractor(
  'http_res_trailer',
  RES_TRAILER,
  { shorthand: 'name' },
  ({ name }) =>
    (response) => {
      const places = response.trailer(name)
      return places.length === 0 ? { notFound: `no trailer ${name}` } : places
    },
)

const REQ_HEADER = z
  .strictObject({ name: FIELD_NAME.meta({ examples: ['X-Request-Id'] }) })
  .describe('A header field of the request.')

/** `http_req_header`: a header field of the request. */
export const HTTP_REQ_HEADER = requestExtractor(
  'http_req_header',
  REQ_HEADER,
  { shorthand: 'name', config: SPEEDSCALE_FIELD },
  ({ name }) =>
    (request) => {
      const places = request.header(name)
      return places.length === 0 ? { notFound: `no request header ${name}` } : places
    },
)

const REQ_TRAILER = z
  .strictObject({ name: FIELD_NAME.meta({ examples: ['X-Checksum'] }) })
  .describe('A trailer field of the request.')

/** `http_req_trailer`: a trailer field of the request (RFC 9110 §6.5). */
export const HTTP_REQ_TRAILER = requestExtractor(
  'http_req_trailer',
  REQ_TRAILER,
  { shorthand: 'name' },
  ({ name }) =>
    (request) => {
      const places = request.trailer(name)
      return places.length === 0 ? { notFound: `no request trailer ${name}` } : places
    },
)
