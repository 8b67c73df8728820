import { binaryText, type BinaryText } from '../core/binary-text.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { scanJson, utf8Json } from '../core/json.ts'
import type { JsonText } from '../core/jwt.ts'
import { refusal, type Refusal } from './refusal.ts'
import { readBody } from './request-parameters.ts'
import type { Claims } from './settings.ts'

/** A JSON object both as text, with its places, and as values. */
export interface JsonBody extends JsonText {
  readonly values: Claims
}

/** How deep objects and lists may lie in each other; deeper ones are refused before anything recursive meets them. */
export const MAX_JSON_DEPTH = 64

/**
 * The JSON object in a request's body, whatever its Content-Type says: `curl -d` calls everything a form.
 * @returns undefined when there is no body
 */
export function readJsonBody(request: HttpRequest): JsonBody | Refusal | undefined {
  const body = readBody(request)
  if (!(body instanceof Uint8Array)) return body
  if (body.length === 0) return undefined
  return jsonBodyOf(binaryText(body))
}

function jsonBodyOf(text: BinaryText): JsonBody | Refusal {
  if (isDeeper(text, MAX_JSON_DEPTH)) return refusal('invalid_request', 'The JSON is nested too deeply.')
  const object = scanJson(text)
  if (object?.kind !== 'object') return refusal('invalid_request', 'The content is not a JSON object.')
  return { text, object, values: parseClaims(utf8Json(text)) }
}

/** The object as claims; anything else has none. */
export function parseClaims(value: unknown): Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : {}
}

/** One pass by hand: a pattern for strings would meet its limits, or the square of the length, on hostile text. */
function isDeeper(text: BinaryText, most: number): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (quoted) {
      if (char === '\\') at += 1
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') depth -= 1
    if (depth > most) return true
  }
  return false
}
