import { AS_IS, type Codec } from '../message/codec.ts'
import type { Span } from '../message/focus.ts'
import type { Spot } from './text-places.ts'

/** One `name=value` of a list in a text: a parameter, a cookie, an attribute. */
export interface NamedItem {
  readonly name: string
  /** Name and value, without separators. */
  readonly span: Span
  readonly value: Span
}

/** The spots of the items that are wanted; each knows its list, and by name what stands beside it. */
export function namedSpots(
  items: readonly NamedItem[],
  label: string,
  wanted: (name: string) => boolean,
  codecOf: (item: NamedItem) => Codec = () => AS_IS,
): readonly Spot[] {
  const spans = items.map(({ span }) => span)
  const spotAt = (index: number, item: NamedItem): Spot => ({
    label: `${label} ${item.name}`,
    ...item.value,
    codec: codecOf(item),
    item: { items: spans, index },
    sibling: (name) => {
      const other = items.findIndex((candidate) => candidate.name === name)
      const found = items[other]
      return found && spotAt(other, found)
    },
  })
  return items.flatMap((item, index) => (wanted(item.name) ? [spotAt(index, item)] : []))
}
