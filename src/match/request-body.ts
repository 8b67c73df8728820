import { binaryText, type BinaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import { scanJson, type JsonNode } from '../core/json.ts'
import { mediaType, multipartParts, type MultipartPart } from './multipart.ts'
import { queryParts, type QueryPart } from './query.ts'

/** A request's content by what it is, content codings undone. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly text: BinaryText; readonly root: JsonNode }
  | { readonly kind: 'form'; readonly fields: readonly QueryPart[] }
  | { readonly kind: 'multipart'; readonly ordered: boolean; readonly parts: readonly MultipartPart[] }
  | { readonly kind: 'bytes'; readonly text: BinaryText }

const NO_BODY: RequestBody = { kind: 'none' }

/** Reads the content of a request; what is not what it is said to be is bytes. */
export function requestBody(request: HttpRequest): RequestBody {
  if (request.body.length === 0) return NO_BODY
  const text = binaryText(decodeBody(request.headers, request.body)?.bytes ?? request.body)
  return contentOf(text, headerValue(request.headers, 'content-type') ?? '')
}

/** Reads content of a type; JSON also where the type does not say so. */
export function contentOf(text: BinaryText, contentType: string): RequestBody {
  const type = mediaType(contentType)
  if (type === 'application/x-www-form-urlencoded') return { kind: 'form', fields: queryParts(text) }
  if (type.startsWith('multipart/')) {
    const parts = multipartParts(text, contentType)
    if (parts !== undefined) return { kind: 'multipart', ordered: type !== 'multipart/form-data', parts }
  }
  const root = type.endsWith('json') || BEGINS_JSON.test(text) ? scanJson(text) : undefined
  return root === undefined ? { kind: 'bytes', text } : { kind: 'json', text, root }
}

const BEGINS_JSON = /^\s*[{[]/
