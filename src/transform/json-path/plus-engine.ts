import { JSONPath } from 'jsonpath-plus'
import { utf8Json } from '../../core/json.ts'
import type { BinaryText } from '../../core/binary-text.ts'
import type { JsonNode } from '../../core/json.ts'
import type { JsonPathSegment } from './json-path-syntax.ts'
import { jsonPathTexts } from './json-path-text.ts'
import { itemNode, memberNode, rootNode, type LocatedNode } from './located-node.ts'

/**
 * The values that a path in jsonpath-plus's own spelling selects: `^` for the parent, `~` for the name.
 * @returns undefined where the document is nested deeper than the engine goes
 */
export function selectPlus(
  segments: readonly JsonPathSegment[],
): (root: JsonNode, text: BinaryText) => readonly LocatedNode[] | undefined {
  const paths = jsonPathTexts(segments)
  return (root, text) => {
    const json = utf8Json(text)
    if (typeof json !== 'object' || json === null) return []
    try {
      const pointers = paths.flatMap((path) => pointersOf(path, json))
      return [...new Set(pointers)].flatMap((pointer) => nodeAtPointer(root, pointer) ?? [])
    } catch (error) {
      // A document nested past the engine's stack; any other failure is a bug worth seeing.
      if (error instanceof RangeError) return undefined
      throw error
    }
  }
}

function pointersOf(path: string, json: object): readonly string[] {
  const found: unknown = JSONPath({ path, json, eval: false, resultType: 'pointer', wrap: true })
  return Array.isArray(found) ? found.filter((pointer) => typeof pointer === 'string') : []
}

/** RFC 6901. */
function nodeAtPointer(root: JsonNode, pointer: string): LocatedNode | undefined {
  let found: LocatedNode | undefined = rootNode(root)
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    found = found && (found.node.kind === 'array' ? itemNode(found, Number(name)) : memberNode(found, name))
  }
  return found
}
