import { binaryText, bytesOfText, type BinaryText } from '../core/binary-text.ts'
import { decodeBody, encodeBody } from '../core/body-coding.ts'
import { headerValue, type RawHeaders } from '../core/headers.ts'
import { spliceText, type Splice } from '../core/json.ts'
import { escapedTokenSplices } from './escaped-tokens.ts'
import { memberSplices } from './json-members.ts'
import { pathSplices } from './json-paths.ts'
import { isLong, mayHoldSecrets } from './long-body.ts'
import { inputSplices, partSplices } from './pages.ts'
import { parameterSplices } from './parameters.ts'
import type { RedactRules } from './rules.ts'
import { apart, type Substitutes } from './substitutes.ts'
import { textSplices } from './text-secrets.ts'

/** A body without its secrets. */
export interface RedactedBody {
  readonly bytes: Uint8Array
  /** Where a byte of the body before is now; the end of a replaced span for a byte in it. */
  readonly moved: (offset: number) => number
}

/** Content that is longer once its codings are undone is searched as it is on the wire. */
const MAX_DECODED_BYTES = 128 * 1024 * 1024

/**
 * Takes the secrets out of a body, content codings undone as far as it is whole and applied again.
 * @returns undefined when there is none
 */
export function redactBody(
  headers: RawHeaders,
  body: Uint8Array,
  rules: RedactRules,
  substitutes: Substitutes,
): RedactedBody | undefined {
  if (body.length === 0) return undefined
  const { bytes, codings } = decodeBody(headers, body, { maxBytes: MAX_DECODED_BYTES, cutOff: true }) ?? {
    bytes: body,
    codings: [],
  }
  const contentType = headerValue(headers, 'content-type') ?? ''
  if (isLong(bytes) && !isFields(bytes, contentType)) {
    const named = !namesNothing(beginning(bytes), contentType)
    if (!mayHoldSecrets(bytes, named, rules, substitutes)) return undefined
  }
  const text = binaryText(bytes)
  const splices = apart(contentSplices(text, contentType, rules, substitutes))
  if (splices.length === 0) return undefined
  const redacted = bytesOfText(spliceText(text, splices))
  if (codings.length === 0) return { bytes: redacted, moved: (offset) => movedBy(splices, offset) }
  const coded = encodeBody(redacted, codings)
  return { bytes: coded, moved: (offset) => Math.ceil((offset / body.length) * coded.length) }
}

/** Media that name no members: pictures, sound, archives, programs. */
const NO_TEXT =
  /^(?:(?:image|video|audio|font)\/(?!svg)|application\/(?:gzip|x-gzip|zip|x-tar|x-bzip2|zstd|x-xz|x-7z-compressed|java-archive|wasm|pdf)\b)/i
/** A program or an archive has a NUL among its first bytes; no text has one. */
const LOOKED_AT_BYTES = 1024

function namesNothing(text: BinaryText, contentType: string): boolean {
  if (NO_TEXT.test(contentType)) return true
  return /^application\/octet-stream/i.test(contentType) && text.slice(0, LOOKED_AT_BYTES).includes('\0')
}

/** The secrets of a content, whatever it is: what its type says is a hint and no promise. */
export function contentSplices(
  text: BinaryText,
  contentType: string,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const inText = textSplices(text, rules, substitutes)
  if (namesNothing(text, contentType)) return inText
  return [
    ...inText,
    ...(rules.definition.jwt ? escapedTokenSplices(text, substitutes) : []),
    ...memberSplices(text, rules, substitutes),
    ...pathSplices(text, rules, substitutes),
    ...(isForm(text, contentType) ? parameterSplices(text, 'field', rules, substitutes) : []),
    ...(isMultipart(contentType) ? partSplices(text, contentType, rules, substitutes) : []),
    ...(text.includes('<input') ? inputSplices(text, rules, substitutes) : []),
  ]
}

/** A form may come without its type; nothing else begins so. */
const LOOKS_LIKE_FORM = /^[\w.%+[\]-]{1,128}=/

function isForm(text: BinaryText, contentType: string): boolean {
  return /^application\/x-www-form-urlencoded/i.test(contentType) || LOOKS_LIKE_FORM.test(text)
}

function isMultipart(contentType: string): boolean {
  return contentType.toLowerCase().startsWith('multipart/')
}

/** Whether its fields and parts have to be read one by one. */
function isFields(bytes: Uint8Array, contentType: string): boolean {
  return isMultipart(contentType) || isForm(beginning(bytes), contentType)
}

function beginning(bytes: Uint8Array): BinaryText {
  return binaryText(bytes.subarray(0, LOOKED_AT_BYTES))
}

function movedBy(splices: readonly Splice[], offset: number): number {
  let shift = 0
  for (const { start, end, text } of splices) {
    if (offset <= start) break
    if (offset < end) return start + shift + text.length
    shift += text.length - (end - start)
  }
  return offset + shift
}
