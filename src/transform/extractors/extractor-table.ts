import { HTTP_REQ_COOKIE, HTTP_RES_COOKIE } from './http-cookies.ts'
import { HTTP_RES_LATENCY, HTTP_RES_STATUS } from './http-status.ts'
import { HTTP_REQ_QUERY, HTTP_REQ_SEGMENT, HTTP_REQ_URL } from './http-target.ts'
import { HTTP_REQ_HEADER, HTTP_REQ_TRAILER, HTTP_RES_HEADER, HTTP_RES_TRAILER } from './http-headers.ts'
import { HTTP_REQ_BODY } from './http-req-body.ts'
import { HTTP_RES_BODY } from './http-res-body.ts'

/** Every place where a chain begins, by its YAML word. */
export const EXTRACTORS = {
  http_res_body: HTTP_RES_BODY,
  http_res_header: HTTP_RES_HEADER,
  http_res_cookie: HTTP_RES_COOKIE,
  http_res_trailer: HTTP_RES_TRAILER,
  http_res_status: HTTP_RES_STATUS,
  http_res_latency: HTTP_RES_LATENCY,
  http_req_body: HTTP_REQ_BODY,
  http_req_header: HTTP_REQ_HEADER,
  http_req_trailer: HTTP_REQ_TRAILER,
  http_req_cookie: HTTP_REQ_COOKIE,
  http_req_url: HTTP_REQ_URL,
  http_req_query: HTTP_REQ_QUERY,
  http_req_segment: HTTP_REQ_SEGMENT,
} as const

export type ExtractorType = keyof typeof EXTRACTORS
