import type { BinaryText } from '../core/binary-text.ts'
import { jsonText, type JsonNode } from '../core/json.ts'

/** Deeper than this, JSON is printed as it is. */
const MAX_DEPTH = 100

/** JSON indented by two spaces, every scalar as written: no digit and no repeated name is lost. */
export function prettyJson(text: BinaryText, node: JsonNode, depth = 0): BinaryText {
  const inner = '  '.repeat(depth + 1)
  const close = `\n${'  '.repeat(depth)}`
  if (depth > MAX_DEPTH) return jsonText(text, node)
  if (node.kind === 'object' && node.members.length > 0) {
    const members = node.members.map(({ nameStart, value }) => {
      const name = text.slice(nameStart, value.start).trimEnd().replace(/\s*:$/, '')
      return `\n${inner}${name}: ${prettyJson(text, value, depth + 1)}`
    })
    return `{${members.join(',')}${close}}`
  }
  if (node.kind === 'array' && node.items.length > 0) {
    const items = node.items.map((item) => `\n${inner}${prettyJson(text, item, depth + 1)}`)
    return `[${items.join(',')}${close}]`
  }
  return jsonText(text, node)
}
