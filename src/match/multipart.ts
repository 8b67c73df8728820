import type { BinaryText } from '../core/binary-text.ts'

/** A part of a multipart body (RFC 2046 §5.1, RFC 7578 §4). */
export interface MultipartPart {
  /** Of its `Content-Disposition`; undefined where it has none. */
  readonly name: string | undefined
  readonly filename: string | undefined
  /** Media type in lower case, without parameters; `text/plain` where none is given (RFC 7578 §4.4). */
  readonly type: string
  readonly content: BinaryText
}

/** Bodies of more parts are compared by their bytes. */
export const MAX_PARTS = 1000

/**
 * Takes a multipart body apart; preamble and epilogue say nothing (RFC 2046 §5.1.1).
 * @param contentType the whole field, with its `boundary`
 * @returns undefined when the body is not whole in that boundary
 */
export function multipartParts(text: BinaryText, contentType: string): readonly MultipartPart[] | undefined {
  const boundary = parameter(contentType, 'boundary')
  if (boundary === undefined || boundary === '') return undefined
  const pieces = `\r\n${text}`.split(`\r\n--${boundary}`, MAX_PARTS + 3)
  const last = pieces.at(-1)
  if (pieces.length < 2 || pieces.length > MAX_PARTS + 2 || !last?.startsWith('--')) return undefined
  const parts = pieces.slice(1, -1).map(partOf)
  const whole = parts.filter((part) => part !== undefined)
  return whole.length === parts.length ? whole : undefined
}

/** What follows a delimiter: white space to the line's end, header lines, an empty line, content. */
function partOf(piece: BinaryText): MultipartPart | undefined {
  const start = /^[ \t]*\r\n/.exec(piece)?.[0].length
  if (start === undefined) return undefined
  const bare = piece.startsWith('\r\n', start)
  const end = bare ? start : piece.indexOf('\r\n\r\n', start)
  if (end === -1) return undefined
  const lines = bare ? [] : piece.slice(start, end).split('\r\n')
  const field = (name: string): string | undefined =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1)
  const disposition = field('content-disposition') ?? ''
  return {
    name: parameter(disposition, 'name'),
    filename: parameter(disposition, 'filename*') ?? parameter(disposition, 'filename'),
    type: mediaType(field('content-type') ?? 'text/plain'),
    content: piece.slice(end + (bare ? 2 : 4)),
  }
}

/** The media type of a `Content-Type` field, in lower case and without parameters. */
export function mediaType(field: string): string {
  const end = field.indexOf(';')
  return (end === -1 ? field : field.slice(0, end)).trim().toLowerCase()
}

/** One parameter, or one quoted text that is passed over whole, so that nothing in it passes for a parameter. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g

function parameter(field: string, wanted: string): string | undefined {
  for (const [, name = '', quoted, bare] of field.matchAll(PARAMETER)) {
    if (name.toLowerCase() === wanted) return quoted?.replaceAll(/\\(["\\])/g, '$1') ?? bare
  }
  return undefined
}
