import type { BinaryText } from '../core/binary-text.ts'
import type { RawHeaders } from '../core/headers.ts'

/** Lines of fields as a recorder writes them, each sound by itself (RFC 9110 §5.1, §5.5); ASCII reads the same in UTF-8. */
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e]*\r\n)*$/
/** How many heads are remembered, and the longest. */
const REMEMBERED_HEADS = 1024
const LONGEST_HEAD = 2048

/** Reads header lines; equal ones give one array. Undefined for those that are to be read as bytes, sound or not. */
export function fieldReader(): (lines: BinaryText | undefined) => RawHeaders | undefined {
  const remembered = new Map<string, RawHeaders>()
  return (lines) => {
    if (lines === undefined) return undefined
    const known = remembered.get(lines)
    if (known !== undefined) return known
    if (!FIELD_LINES.test(lines)) return undefined
    const fields = fieldsOf(lines)
    if (lines.length > LONGEST_HEAD) return fields
    if (remembered.size >= REMEMBERED_HEADS) remembered.clear()
    remembered.set(lines, fields)
    return fields
  }
}

function fieldsOf(lines: string): RawHeaders {
  const fields: [string, string][] = []
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(': ', at)
    const end = lines.indexOf('\r\n', colon)
    fields.push([lines.slice(at, colon), lines.slice(colon + 2, end)])
    at = end + 2
  }
  return fields
}
