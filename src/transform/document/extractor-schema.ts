import { HTTP_RES_BODY_OPTIONS } from '../extractors/http-res-body-options.ts'
import { HTTP_RES_HEADER_OPTIONS } from '../extractors/http-res-header-options.ts'
import { memberSchema } from './member-schema.ts'

/** Every extractor by its YAML word. */
export const EXTRACTOR_SCHEMAS = {
  http_res_body: memberSchema('http_res_body', HTTP_RES_BODY_OPTIONS, { aliases: ['res_body'] }),
  http_res_header: memberSchema('http_res_header', HTTP_RES_HEADER_OPTIONS, { shorthand: 'name' }),
} as const

export type ExtractorType = keyof typeof EXTRACTOR_SCHEMAS
