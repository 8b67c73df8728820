import type { JsonPathSegment, JsonPathSelector } from './json-path-syntax.ts'
import { childNodes, itemNode, memberNode, rootNode, type LocatedNode } from './located-node.ts'
import type { JsonNode } from '../../core/json.ts'

/** A path may visit so many values of one document, so that `$..*..*` ends. */
const MAX_VISITED = 4_000_000

/**
 * The values that a path without filters selects, found in the scanned text itself: any depth, in the order of
 * RFC 9535, a value as often as the path selects it.
 * @returns undefined where the path would visit too many values
 */
export function selectSpans(
  root: JsonNode,
  segments: readonly JsonPathSegment[],
): readonly LocatedNode[] | undefined {
  let nodes: readonly LocatedNode[] = [rootNode(root)]
  let visited = 0
  for (const { deep, selectors } of segments) {
    const next: LocatedNode[] = []
    for (const node of nodes) {
      for (const at of deep ? withDescendants(node) : [node]) {
        for (const selector of selectors) for (const found of chosen(at, selector)) next.push(found)
        visited += 1
        if (visited + next.length > MAX_VISITED) return undefined
      }
    }
    nodes = next
  }
  return nodes
}

/** The node and all below it, each before its children (RFC 9535 §2.5.2.2). */
function* withDescendants(node: LocatedNode): Iterable<LocatedNode> {
  const stack = [node]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next
    const children = childNodes(next)
    for (let at = children.length - 1; at >= 0; at -= 1) {
      const child = children[at]
      if (child !== undefined) stack.push(child)
    }
  }
}

function chosen(node: LocatedNode, selector: JsonPathSelector): readonly LocatedNode[] {
  switch (selector.kind) {
    case 'name':
      return oneOf(memberNode(node, selector.name) ?? positionNamed(node, selector))
    case 'index':
      return oneOf(itemNode(node, selector.index))
    case 'wildcard':
      return childNodes(node)
    case 'slice':
      return sliceOf(node, selector)
    case 'parent':
    case 'key':
      return []
  }
}

function oneOf(node: LocatedNode | undefined): readonly LocatedNode[] {
  return node === undefined ? [] : [node]
}

/** `items.0` is often written for `items[0]`. */
function positionNamed(
  node: LocatedNode,
  { name, mayBeIndex }: Extract<JsonPathSelector, { kind: 'name' }>,
): LocatedNode | undefined {
  return mayBeIndex === true ? itemNode(node, Number(name)) : undefined
}

/** RFC 9535 §2.3.4.2.2. */
function sliceOf(
  node: LocatedNode,
  { start, end, step }: Extract<JsonPathSelector, { kind: 'slice' }>,
): readonly LocatedNode[] {
  if (node.node.kind !== 'array' || step === 0) return []
  const { length } = node.node.items
  const normal = (at: number): number => (at < 0 ? length + at : at)
  const found: LocatedNode[] = []
  const take = (at: number): void => {
    const item = itemNode(node, at)
    if (item !== undefined) found.push(item)
  }
  if (step > 0) {
    const upper = Math.min(Math.max(normal(end ?? length), 0), length)
    for (let at = Math.min(Math.max(normal(start ?? 0), 0), length); at < upper; at += step) take(at)
  } else {
    const lower = Math.min(Math.max(normal(end ?? -length - 1), -1), length - 1)
    for (let at = Math.min(Math.max(normal(start ?? length - 1), -1), length - 1); at > lower; at += step) {
      take(at)
    }
  }
  return found
}
