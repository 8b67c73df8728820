import type { BinaryText } from '../core/binary-text.ts'
import type { Splice } from '../core/json.ts'
import { isToken } from './compact-tokens.ts'
import type { RedactRules } from './rules.ts'
import { valueSplice, type Substitutes } from './substitutes.ts'

/** A tag with more attributes is read so far. */
const LONGEST_TAG = 64 * 1024
const NAME = /\sname\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i
const VALUE = /\svalue\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i

/** Values of a page's inputs that are known by name: login forms, and OAuth's `form_post` answers. */
export function inputSplices(
  text: BinaryText,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const splices: Splice[] = []
  for (let at = text.indexOf('<input'); at !== -1; at = text.indexOf('<input', at + 6)) {
    const rest = text.slice(at, at + LONGEST_TAG)
    const close = rest.indexOf('<', 1)
    const tag = close === -1 ? rest : rest.slice(0, close)
    const [, double, single, bare] = NAME.exec(tag) ?? []
    const secret = rules.parameter('field', double ?? single ?? bare ?? '')
    const found = secret === undefined ? null : VALUE.exec(tag)
    const value = found?.[1] ?? found?.[2] ?? found?.[3]
    if (secret === undefined || found === null || value === undefined || isToken(value)) continue
    const quoted = found[3] === undefined ? 1 : 0
    const end = at + found.index + found[0].length - quoted
    splices.push(...valueSplice(substitutes, secret, value, { start: end - value.length, end }))
  }
  return splices
}

const BOUNDARY = /boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i
const PART_NAME = /\bname="([^"]*)"/i

/** Parts of a multipart form (RFC 7578) that are known by name; files are none of them. */
export function partSplices(
  text: BinaryText,
  contentType: string,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return []
  const delimiter = `--${boundary}`
  const splices: Splice[] = []
  for (let at = text.indexOf(delimiter); at !== -1;) {
    const next = text.indexOf(delimiter, at + delimiter.length)
    const part = text.slice(at, next === -1 ? text.length : next)
    const blank = part.indexOf('\r\n\r\n')
    const head = blank === -1 ? part : part.slice(0, blank)
    const secret = rules.parameter('field', PART_NAME.exec(head)?.[1] ?? '')
    if (secret !== undefined && blank !== -1 && !head.includes('filename')) {
      const start = at + blank + 4
      const end = Math.max(start, at + part.length - (part.endsWith('\r\n') ? 2 : 0))
      const value = text.slice(start, end)
      if (!isToken(value)) splices.push(...valueSplice(substitutes, secret, value, { start, end }))
    }
    at = next
  }
  return splices
}
