import { HTTP_REQ_HEADER, HTTP_RES_HEADER, HTTP_RES_TRAILER } from './http-headers.ts'
import { HTTP_REQ_BODY } from './http-req-body.ts'
import { HTTP_RES_BODY } from './http-res-body.ts'

/** Every place where a chain begins, by its YAML word. */
export const EXTRACTORS = {
  http_res_body: HTTP_RES_BODY,
  http_res_header: HTTP_RES_HEADER,
  http_res_trailer: HTTP_RES_TRAILER,
  http_req_body: HTTP_REQ_BODY,
  http_req_header: HTTP_REQ_HEADER,
} as const

export type ExtractorType = keyof typeof EXTRACTORS
