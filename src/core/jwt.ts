import { binaryText, type BinaryText } from './binary-text.ts'
import { memberOf, scanJson, stringValue, utf8Json, type JsonObject } from './json.ts'

/** A JWS in compact serialisation whose payload is a JSON object of claims (RFC 7515 §3.1, RFC 7519 §3). */
export interface Jwt {
  /** The token itself, as found. */
  readonly token: string
  readonly header: JsonText
  readonly payload: JsonText
  /** The JOSE header's `alg`. */
  readonly alg: string
  readonly kid: string | undefined
  readonly signature: Uint8Array
  /** `BASE64URL(header).BASE64URL(payload)`: what the signature covers. */
  readonly signingInput: string
}

/** A JSON object as text with its spans, so that it can be edited without touching the rest. */
export interface JsonText {
  readonly text: BinaryText
  readonly object: JsonObject
}

/** Nobody nests claims so deep; a text that does is no JWT. */
export const MAX_CLAIMS_DEPTH = 100

const BASE64URL = /^[A-Za-z0-9_-]*$/

/**
 * Reads a compact JWS. Strict, so that look-alikes stay what they are: exactly three parts in unpadded canonical
 * base64url, a JSON object with a string `alg` in front, a JSON object of claims behind it (RFC 7515 §2, §5.2).
 * Host names, versions, PASETO (`v4.public.…`), JWE and truncated tokens are not JWTs.
 */
export function parseJwt(token: string): Jwt | undefined {
  const parts = token.split('.')
  const [head, body, tail] = parts
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined) return undefined
  const header = jsonPart(head)
  const alg = header && stringValue(header.text, memberOf(header.object, 'alg'))
  if (header === undefined || alg === undefined) return undefined
  const payload = jsonPart(body)
  const signature = base64urlBytes(tail)
  if (payload === undefined || signature === undefined) return undefined
  return {
    token,
    header,
    payload,
    alg,
    kid: stringValue(header.text, memberOf(header.object, 'kid')),
    signature,
    signingInput: `${head}.${body}`,
  }
}

/** The claims as values; numbers past 2^53 lose digits here, so edit {@link Jwt.payload} instead. */
export function claimsOf(jwt: Jwt): Readonly<Record<string, unknown>> {
  return utf8Json(jwt.payload.text) as Record<string, unknown>
}

/** The JOSE header as values. */
export function headerOf(jwt: Jwt): Readonly<Record<string, unknown>> {
  return utf8Json(jwt.header.text) as Record<string, unknown>
}

export interface FoundJwt {
  readonly start: number
  readonly end: number
  readonly jwt: Jwt
}

/** Every JWT in a text, in order, by its JOSE header. The encrypted five-part form is not a JWT one could re-sign. */
export function findJwts(text: string): readonly FoundJwt[] {
  const found: FoundJwt[] = []
  // From dot to dot, which most texts have few of: every character is looked at twice at most, whatever the text.
  let runEnd = 0
  for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', runEnd)) {
    let start = dot
    while (start > runEnd && isRunCharacter(text.charCodeAt(start - 1))) start -= 1
    runEnd = dot + 1
    while (runEnd < text.length && isRunCharacter(text.charCodeAt(runEnd))) runEnd += 1
    findInRun(text.slice(start, runEnd), start, found)
  }
  return found
}

function findInRun(run: string, runStart: number, found: FoundJwt[]): void {
  const parts = run.split('.')
  let start = runStart
  for (let index = 0; index + 2 < parts.length; index += 1) {
    const part = parts[index] ?? ''
    const jwt = mayBeHeader(part) ? parseJwt(parts.slice(index, index + 3).join('.')) : undefined
    if (jwt === undefined) {
      start += part.length + 1
      continue
    }
    found.push({ start, end: start + jwt.token.length, jwt })
    start += jwt.token.length + 1
    index += 2
  }
}

/** base64url (RFC 4648 §5) and the dot. */
function isRunCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2e ||
    code === 0x2d ||
    code === 0x5f
  )
}

/** A text with a JWT in it has one of these: how a JSON object begins in base64url. */
export const JWT_BEGINNINGS = ['eyJ', 'eyA', 'ewo', 'ew0', 'ewk', 'eyI', 'eyK', 'eyL'] as const

/** `{` followed by a quote or white space begins `ey` or `ew` in base64url. */
function mayBeHeader(part: string): boolean {
  return part.startsWith('ey') || part.startsWith('ew')
}

/** Strict base64url without padding (RFC 7515 §2); undefined for anything else, trailing bits included. */
export function base64urlBytes(text: string): Uint8Array | undefined {
  if (!BASE64URL.test(text) || text.length % 4 === 1) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function jsonPart(part: string): JsonText | undefined {
  if (part === '') return undefined
  const bytes = base64urlBytes(part)
  if (bytes === undefined) return undefined
  const text = binaryText(bytes)
  const object = scanJson(text, MAX_CLAIMS_DEPTH)
  return object?.kind === 'object' ? { text, object } : undefined
}
