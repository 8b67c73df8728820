import type { BinaryText } from '../core/binary-text.ts'
import { scanJson, stringValue, type JsonNode, type Splice } from '../core/json.ts'
import { placeholderName } from '../core/placeholder.ts'
import type { PathNode, RedactRules } from './rules.ts'
import { valueSplice, type Substitutes } from './substitutes.ts'

interface Place {
  readonly node: JsonNode
  /** The nearest member's name. */
  readonly name: string
  /** What is left to go of the paths that led here. */
  readonly open: ReadonlySet<PathNode>
  /** A path ended here or above. */
  readonly taken: boolean
}

/** Deeper JSON has no places that anybody names. */
const MAX_DEPTH = 500

/** Strings and numbers at the places that the user named, and below them; a text that is no JSON has none. */
export function pathSplices(
  text: BinaryText,
  { paths }: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const root = paths.length === 0 ? undefined : scanJson(text, MAX_DEPTH)
  if (root === undefined) return []
  const splices: Splice[] = []
  const waiting: Place[] = [{ node: root, name: '', open: new Set(paths), taken: false }]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { node, name, open, taken } = place
    if (node.kind === 'object') {
      for (const member of node.members) {
        waiting.push({ node: member.value, name: member.name, ...stepsBelow(open, member.name, taken) })
      }
    } else if (node.kind === 'array') {
      for (const [index, item] of node.items.entries()) {
        waiting.push({ node: item, name, ...stepsBelow(open, String(index), taken) })
      }
    } else if (taken) {
      splices.push(...scalarSplice(text, node, placeholderName(name), substitutes))
    }
  }
  return splices
}

function stepsBelow(
  open: ReadonlySet<PathNode>,
  name: string,
  taken: boolean,
): Pick<Place, 'open' | 'taken'> {
  if (taken || open.size === 0) return { open, taken }
  const below = new Set<PathNode>()
  let ended = false
  for (const step of open) {
    if (step.deep) below.add(step)
    if (step.names !== undefined && !step.names.includes(name)) continue
    if (step.next === undefined) ended = true
    else below.add(step.next)
  }
  return { open: below, taken: ended }
}

function scalarSplice(
  text: BinaryText,
  node: JsonNode,
  name: string,
  substitutes: Substitutes,
): readonly Splice[] {
  const { start, end, kind } = node
  const value = stringValue(text, node)
  if (value !== undefined) return valueSplice(substitutes, name, value, { start: start + 1, end: end - 1 })
  if (kind !== 'number') return []
  return valueSplice(substitutes, name, text.slice(start, end), { start, end }).map((splice) => ({
    ...splice,
    text: `"${splice.text}"`,
  }))
}
