import type { BinaryText } from '../core/binary-text.ts'
import { jsonOf, jsonText, stringValue, type JsonNode } from '../core/json.ts'

/** A step down a document: to a member or position of this name or to any, at this level or at any below. */
export interface JsonPatternStep {
  readonly deep: boolean
  /** Undefined for any. */
  readonly names: readonly string[] | undefined
}

/** Places in a JSON document. */
export type JsonPattern = readonly JsonPatternStep[]

/**
 * JSON in one spelling: members sorted by name, no white space, strings escaped one way, numbers as written (so that
 * no digit is lost). Of repeated names the last counts. Ignored places are left out.
 * @returns undefined when it nests deeper than `maxDepth`
 */
export function canonicalJson(
  text: BinaryText,
  root: JsonNode,
  ignored: readonly JsonPattern[],
  maxDepth: number,
): BinaryText | undefined {
  const write = (node: JsonNode, path: readonly string[]): string | undefined => {
    if (path.length > maxDepth) return undefined
    if (node.kind === 'object') {
      const members = new Map(node.members.map((member) => [member.name, member.value]))
      const written = [...members]
        .filter(([name]) => !isIgnored([...path, name], ignored))
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => joined(`${jsonOf(name)}:`, write(value, [...path, name])))
      return bracketed('{', written, '}')
    }
    if (node.kind === 'array') {
      const written = node.items.flatMap((item, index) => {
        const place = [...path, String(index)]
        return isIgnored(place, ignored) ? [] : [write(item, place)]
      })
      return bracketed('[', written, ']')
    }
    const value = stringValue(text, node)
    return value === undefined ? jsonText(text, node) : jsonOf(value)
  }
  return write(root, [])
}

function joined(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : name + value
}

function bracketed(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  return parts.every((part) => part !== undefined) ? open + parts.join(',') + close : undefined
}

function isIgnored(path: readonly string[], ignored: readonly JsonPattern[]): boolean {
  return ignored.some((pattern) => matches(path, pattern))
}

function matches(path: readonly string[], pattern: JsonPattern): boolean {
  const [step, ...rest] = pattern
  const [name, ...below] = path
  if (step === undefined || name === undefined) return step === undefined && name === undefined
  if ((step.names === undefined || step.names.includes(name)) && matches(below, rest)) return true
  return step.deep && matches(below, pattern)
}
