import { binaryText, type BinaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import { mediaType, multipartParts, type MultipartPart } from './multipart.ts'
import { queryParts, type QueryPart } from './query.ts'

/** A request's content by what it is, content codings undone; JSON as its reader makes it. */
export type RequestBody<Json> =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly text: BinaryText; readonly json: Json }
  | { readonly kind: 'form'; readonly fields: readonly QueryPart[] }
  | { readonly kind: 'multipart'; readonly ordered: boolean; readonly parts: readonly MultipartPart[] }
  | { readonly kind: 'bytes'; readonly text: BinaryText }

/** JSON that nests deeper than this is compared by its bytes. */
export const MAX_COMPARED_DEPTH = 500

/** Makes something of JSON; undefined for what is none, or is deeper than {@link MAX_COMPARED_DEPTH}. */
export type JsonReader<Json> = (text: BinaryText) => Json | undefined

const NO_BODY = { kind: 'none' } as const

/** Reads the content of a request; what is not what it is said to be is bytes. */
export function requestBody<Json>(request: HttpRequest, readJson: JsonReader<Json>): RequestBody<Json> {
  if (request.body.length === 0) return NO_BODY
  const text = binaryText(decodeBody(request.headers, request.body)?.bytes ?? request.body)
  return contentOf(text, headerValue(request.headers, 'content-type') ?? '', readJson)
}

/** Reads content of a type; JSON also where the type does not say so. */
export function contentOf<Json>(
  text: BinaryText,
  contentType: string,
  readJson: JsonReader<Json>,
): RequestBody<Json> {
  const type = mediaType(contentType)
  if (type === 'application/x-www-form-urlencoded') return { kind: 'form', fields: queryParts(text) }
  if (type.startsWith('multipart/')) {
    const parts = multipartParts(text, contentType)
    if (parts !== undefined) return { kind: 'multipart', ordered: type !== 'multipart/form-data', parts }
  }
  const json = type.endsWith('json') || BEGINS_JSON.test(text) ? readJson(text) : undefined
  return json === undefined ? { kind: 'bytes', text } : { kind: 'json', text, json }
}

const BEGINS_JSON = /^\s*[{[]/
