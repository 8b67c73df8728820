import type { BinaryText } from '../../core/binary-text.ts'
import { jsonStringCodec } from '../message/codecs.ts'
import { AS_IS } from '../message/codec.ts'
import { memberNode, pathOfNode, type LocatedNode } from '../json-path/located-node.ts'
import type { Spot } from './text-places.ts'

/** The place of a JSON value in its text; a string is read and written without quotes and escapes. */
export function jsonSpot(text: BinaryText, located: LocatedNode): Spot {
  const { node, parent, index } = located
  return {
    label: pathOfNode(located),
    start: node.start,
    end: node.end,
    codec: node.kind === 'string' ? jsonStringCodec(text.slice(node.start, node.end)) : AS_IS,
    isJson: true,
    ...(parent === undefined ? {} : { item: { items: parent.items(), index } }),
    sibling: (name) => {
      const other = parent && memberNode(parent, name)
      return other && jsonSpot(text, other)
    },
  }
}

/** The place of a member's name, for paths that end in `~`. */
export function jsonNameSpot(text: BinaryText, { parent, index, node }: LocatedNode): Spot | undefined {
  const member = parent?.node.kind === 'object' ? parent.node.members[index] : undefined
  if (member === undefined) return undefined
  const start = member.nameStart
  const end = text.lastIndexOf('"', node.start - 1) + 1
  const literal = text.slice(start, end)
  return { label: `name ${member.name}`, start, end, codec: jsonStringCodec(literal) }
}
