import { JSONPath } from 'jsonpath-plus'
import { utf8Json, type JsonNode } from '../../core/json.ts'
import { jsonStringCodec } from '../message/codecs.ts'
import { AS_IS, type Focus } from '../message/focus.ts'
import { parseJsonPath } from '../json-path/json-path-syntax.ts'
import { jsonPathTexts } from '../json-path/json-path-text.ts'
import type { Locator } from './step.ts'

/**
 * Finds every value that a JSON path selects. A path without `$` starts at the root: `access_token` is
 * `$.access_token`. Runs at load only.
 */
export function jsonPathLocator(path: string): Locator {
  const paths = jsonPathTexts(parseJsonPath(path))
  return (focus) => {
    const root = focus.json()
    if (root === undefined) return { notFound: 'not JSON' }
    const places = select(paths, focus).flatMap((pointer) => placeAt(focus, root, pointer) ?? [])
    return places.length === 0 ? { notFound: 'the path selects nothing' } : places
  }
}

/** JSON pointers (RFC 6901) of what the paths select, each once. */
function select(paths: readonly string[], focus: Focus): readonly string[] {
  const json = utf8Json(focus.recorded)
  if (typeof json !== 'object' || json === null) return []
  const pointersOf = (path: string): readonly string[] => {
    const found: unknown = JSONPath({ path, json, eval: false, resultType: 'pointer', wrap: true })
    return Array.isArray(found) ? found.filter((pointer) => typeof pointer === 'string') : []
  }
  try {
    return [...new Set(paths.flatMap(pointersOf))]
  } catch (error) {
    // A document nested past the engine's stack selects nothing; any other failure is a bug worth seeing.
    if (error instanceof RangeError) return []
    throw error
  }
}

function placeAt(focus: Focus, root: JsonNode, pointer: string): Focus | undefined {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  let parent: JsonNode | undefined
  let node: JsonNode | undefined = root
  for (const name of names) {
    parent = node
    node = node && childOf(node, name)
  }
  if (node === undefined) return undefined
  const label = names.reduce((text, name) => text + labelOf(name), '$')
  return openNode(focus, node, label, parent)
}

function openNode(
  focus: Focus,
  node: JsonNode,
  label: string,
  parent: JsonNode | undefined,
): Focus | undefined {
  return focus.inside({
    path: `${focus.path} ${label}`,
    start: node.start,
    end: node.end,
    codec: node.kind === 'string' ? jsonStringCodec(focus.recorded.slice(node.start, node.end)) : AS_IS,
    sibling: (name) => {
      const other = parent?.kind === 'object' ? childOf(parent, name) : undefined
      return (
        other &&
        openNode(focus, other, `${label.replace(/(?:\.[^.[\]]+|\[[^\]]*\])$/, '')}${labelOf(name)}`, parent)
      )
    },
  })
}

function childOf(node: JsonNode, name: string): JsonNode | undefined {
  if (node.kind === 'object') return node.members.findLast((member) => member.name === name)?.value
  return node.kind === 'array' ? node.items[Number(name)] : undefined
}

function labelOf(name: string): string {
  if (/^\d+$/.test(name)) return `[${name}]`
  return /^[A-Za-z_][\w-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
