import type { JsonNode } from '../../core/json.ts'

/** A value in a JSON document and the path to it. */
export interface PlacedNode {
  /** As json_path takes it; positions in lists are `[*]`. */
  readonly path: string
  /** The name of the member; undefined for an item of a list. */
  readonly name: string | undefined
  readonly node: JsonNode
  /** The object that it is a member of, and the path to that. */
  readonly parent: { readonly path: string; readonly node: JsonNode } | undefined
}

/** Values further down are found in other ways; a path of so many names is nothing to read. */
const DEEPEST_PATH = 50

/** Every value of a document, in its order. Without recursion: bodies nest at will. */
export function* walkJson(root: JsonNode): Generator<PlacedNode> {
  const waiting: (PlacedNode & { readonly depth: number })[] = [
    { node: root, path: '', name: undefined, parent: undefined, depth: 0 },
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, path, depth } = next
    if (depth > DEEPEST_PATH) continue
    yield next
    const parent = { path, node }
    if (node.kind === 'object') {
      for (const { name, value } of node.members.toReversed()) {
        waiting.push({ node: value, path: memberPath(path, name), name, parent, depth: depth + 1 })
      }
    } else if (node.kind === 'array') {
      for (const item of node.items.toReversed()) {
        waiting.push({ node: item, path: `${path || '$'}[*]`, name: undefined, parent, depth: depth + 1 })
      }
    }
  }
}

/** Texts of a document that are longer than so many characters. */
export function walkStrings(root: JsonNode, longerThan: number): readonly PlacedNode[] {
  return [...walkJson(root)].filter(
    ({ node }) => node.kind === 'string' && node.end - node.start > longerThan,
  )
}

/** The path of a member, in the shortest spelling. */
function memberPath(parent: string, name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return parent === '' ? name : `${parent}.${name}`
  return `${parent || '$'}[${quoted(name)}]`
}

/** A name as it stands in brackets (RFC 9535 §2.3.1). */
export function quoted(name: string): string {
  return `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
