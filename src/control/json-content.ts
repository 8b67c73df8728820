import type { HttpRequest } from '../core/exchange.ts'
import { headerValues } from '../core/headers.ts'
import type { Refusal } from './control-answer.ts'

/** More content is refused; the listener may be told to stop reading there. */
export const MAX_CONTENT_BYTES = 1024 * 1024

/** How deep objects and lists may lie in each other, so that nothing recursive runs out of stack. */
export const MAX_CONTENT_DEPTH = 64

/** The JSON value in a request's content; `value` is undefined where there is none. */
export type JsonContent = { readonly value: unknown } | { readonly refusal: Refusal }

/**
 * Reads content that must be JSON and say so: what a form of another site can send without being asked is none
 * (Fetch §2.2.2, CORS-safelisted request header).
 */
export function readJsonContent({ headers, body }: HttpRequest): JsonContent {
  if (body.length > MAX_CONTENT_BYTES) {
    return refused('CONTENT_TOO_LARGE', `The request has more than ${MAX_CONTENT_BYTES} bytes of content.`)
  }
  const types = headerValues(headers, 'content-type')
  const isJson = types.length === 1 && types.every((type) => JSON_TYPE.test(type))
  if (
    headerValues(headers, 'content-encoding').some((coding) => coding.trim().toLowerCase() !== 'identity')
  ) {
    return refused('CONTENT_TYPE_REFUSED', 'The content is in a content coding.', 'Send it as it is.')
  }
  if (!isJson && (types.length > 0 || body.length > 0)) {
    return refused(
      'CONTENT_TYPE_REFUSED',
      'The content is not declared as application/json.',
      'Send Content-Type: application/json.',
    )
  }
  if (body.length === 0) return { value: undefined }
  return parseContent(body)
}

const JSON_TYPE = /^\s*application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

function parseContent(body: Uint8Array): JsonContent {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    if (!isDeeper(value, MAX_CONTENT_DEPTH)) return { value }
    return refused('CONTENT_INVALID', `The JSON is nested more than ${MAX_CONTENT_DEPTH} deep.`)
  } catch {
    // The parser's own message quotes the content, which may hold secrets.
    return refused('CONTENT_INVALID', 'The content is not JSON in UTF-8.')
  }
}

function isDeeper(value: unknown, most: number): boolean {
  let level: readonly unknown[] = [value]
  for (let depth = 0; depth <= most; depth += 1) {
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
    if (level.length === 0) return false
  }
  return true
}

function refused(code: Refusal['code'], message: string, hint?: string): JsonContent {
  return { refusal: { code, message, hint } }
}
