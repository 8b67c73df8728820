import type { JsonNode } from '../../core/json.ts'
import type { Span } from '../message/focus.ts'

/** A JSON value and the way to it. */
export interface LocatedNode {
  readonly node: JsonNode
  /** Undefined for the root. */
  readonly parent: LocatedNode | undefined
  /** Position among the members or items of the parent. */
  readonly index: number
  /** Members with their names, or items; told once, however many of them are places. */
  items(): readonly Span[]
}

export function rootNode(node: JsonNode): LocatedNode {
  return locatedNode(node, undefined, 0)
}

function locatedNode(node: JsonNode, parent: LocatedNode | undefined, index: number): LocatedNode {
  let items: readonly Span[] | undefined
  return { node, parent, index, items: () => (items ??= spansOf(node)) }
}

function spansOf(node: JsonNode): readonly Span[] {
  if (node.kind === 'array') return node.items
  if (node.kind !== 'object') return []
  return node.members.map(({ nameStart, value }) => ({ start: nameStart, end: value.end }))
}

/** The member of this name; of a repeated name the last one, as in JSON.parse. */
export function memberNode(parent: LocatedNode, name: string): LocatedNode | undefined {
  if (parent.node.kind !== 'object') return undefined
  const index = parent.node.members.findLastIndex((member) => member.name === name)
  const member = parent.node.members[index]
  return member && locatedNode(member.value, parent, index)
}

/** The item at a position, from the end where it is negative. */
export function itemNode(parent: LocatedNode, position: number): LocatedNode | undefined {
  if (parent.node.kind !== 'array') return undefined
  const index = position < 0 ? parent.node.items.length + position : position
  const item = parent.node.items[index]
  return item && locatedNode(item, parent, index)
}

/** All items, or all members; of a repeated name only the last member is there. */
export function childNodes(parent: LocatedNode): readonly LocatedNode[] {
  const { node } = parent
  if (node.kind === 'array') return node.items.map((item, index) => locatedNode(item, parent, index))
  if (node.kind !== 'object') return []
  const last = new Map(node.members.map(({ name }, index) => [name, index]))
  return node.members.flatMap(({ name, value }, index) =>
    last.get(name) === index ? [locatedNode(value, parent, index)] : [],
  )
}

/** The normalised path, with names that need no quotes after a dot: `$.tokens[0].jwt`. */
export function pathOfNode({ parent, index }: LocatedNode): string {
  const parts: string[] = []
  for (let [up, at] = [parent, index]; up !== undefined; [up, at] = [up.parent, up.index]) {
    parts.push(up.node.kind === 'object' ? memberLabel(up.node.members[at]?.name ?? '') : `[${at}]`)
  }
  return `$${parts.toReversed().join('')}`
}

function memberLabel(name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
