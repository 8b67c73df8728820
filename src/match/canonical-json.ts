import type { BinaryText } from '../core/binary-text.ts'
import { jsonOf, jsonText, stringValue, type JsonMember, type JsonNode } from '../core/json.ts'
import { further, NOWHERE, type PatternPlaces } from './json-pattern.ts'

/** What of a JSON text does not count. */
export interface JsonLeniency {
  /** Places that are left out. */
  readonly ignored: PatternPlaces
  /** What stands for a string or number of this value, undefined for itself; left out where nothing stands for any. */
  readonly standIn?: ((value: string) => string | undefined) | undefined
}

const STRICT: JsonLeniency = { ignored: NOWHERE }

/**
 * JSON in one spelling: members sorted by name, no white space, strings escaped one way. Numbers stay as written, so
 * that no digit is lost: 1, 1.0 and 1e0 differ. Repeated names stay, in their order.
 * @returns undefined when it nests deeper than `maxDepth`
 */
export function canonicalJson(
  text: BinaryText,
  root: JsonNode,
  maxDepth: number,
  { ignored, standIn }: JsonLeniency = STRICT,
): string | undefined {
  let tooDeep = false
  const write = (node: JsonNode, places: PatternPlaces, depth: number): string => {
    if (depth > maxDepth) {
      tooDeep = true
      return ''
    }
    switch (node.kind) {
      case 'object':
        return `{${listed(byName(node.members), places, depth, ({ name }) => name)}}`
      case 'array':
        return `[${listed(node.items, places, depth, (_, index) => String(index))}]`
      case 'string': {
        const literal = jsonText(text, node)
        // Without an escape it is in the one spelling already.
        if (standIn === undefined && !literal.includes('\\')) return literal
        const value = stringValue(text, node) ?? ''
        return standIn?.(value) ?? jsonOf(value)
      }
      case 'number': {
        const value = jsonText(text, node)
        return standIn?.(value) ?? value
      }
      default:
        return jsonText(text, node)
    }
  }
  const listed = <T extends JsonMember | JsonNode>(
    children: readonly T[],
    places: PatternPlaces,
    depth: number,
    nameOf: (child: T, index: number) => string,
  ): string => {
    let written = ''
    for (const [index, child] of children.entries()) {
      const below = places.length === 0 ? places : further(places, nameOf(child, index))
      if (below === undefined) continue
      if (written !== '') written += ','
      written +=
        'value' in child
          ? `${nameText(child.name)}:${write(child.value, below, depth + 1)}`
          : write(child, below, depth + 1)
    }
    return written
  }
  const canonical = write(root, ignored, 0)
  return tooDeep ? undefined : canonical
}

const PLAIN_NAME = /^[\x20!#-[\]-\x7e]*$/

function nameText(name: string): string {
  return PLAIN_NAME.test(name) ? `"${name}"` : jsonOf(name)
}

/** Sorting is stable, so repeated names keep their order, which is what they differ by. */
function byName(members: readonly JsonMember[]): readonly JsonMember[] {
  return members.length < 2 ? members : members.toSorted((a, b) => compareText(a.name, b.name))
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
