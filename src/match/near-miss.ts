import { jsonText, scanJson, type JsonNode } from '../core/json.ts'
import { maskedTarget, maskedValue } from '../core/masking.ts'
import type { PairId } from '../core/pair.ts'
import type { QueryPart } from './query.ts'
import type { RequestParts } from './signature.ts'

/** A recorded request that came close, and in what it differs. */
export interface NearMiss {
  readonly pair: PairId
  readonly method: string
  /** The recorded request target. */
  readonly target: string
  readonly differs: readonly Difference[]
}

export interface Difference {
  /** `method`, `path`, `query ts`, `body`, `body $.requestId`. */
  readonly field: string
  /** What was recorded; undefined when the recording has none, masked where it may be a secret. */
  readonly recorded: string | undefined
  readonly asked: string | undefined
}

/** How many near misses a report names. */
export const NEAR_MISSES = 3

/** A recorded request as the search for near misses needs it. */
export interface Candidate {
  readonly pair: PairId
  readonly target: string
  readonly parts: RequestParts
}

/** The recorded requests nearest to the one asked, the nearest first. */
export function nearMisses(asked: RequestParts, candidates: Iterable<Candidate>): readonly NearMiss[] {
  const best: { readonly distance: number; readonly candidate: Candidate }[] = []
  for (const candidate of candidates) {
    const distance = distanceBetween(asked, candidate.parts)
    const worst = best.at(-1)
    if (best.length === NEAR_MISSES && worst !== undefined && distance >= worst.distance) continue
    best.push({ distance, candidate })
    best.sort((a, b) => a.distance - b.distance || a.candidate.pair - b.candidate.pair)
    if (best.length > NEAR_MISSES) best.pop()
  }
  return best.map(({ candidate }) => ({
    pair: candidate.pair,
    method: candidate.parts.method,
    target: maskedTarget(candidate.target),
    differs: differences(asked, candidate.parts),
  }))
}

/** Every field in which two requests differ. */
export function differences(asked: RequestParts, recorded: RequestParts): readonly Difference[] {
  const differs: Difference[] = []
  if (asked.method !== recorded.method)
    differs.push({ field: 'method', recorded: recorded.method, asked: asked.method })
  if (asked.path !== recorded.path)
    differs.push({ field: 'path', recorded: maskedTarget(recorded.path), asked: maskedTarget(asked.path) })
  differs.push(...queryDifferences(asked.query, recorded.query), ...bodyDifferences(asked, recorded))
  return differs
}

/** Path counts most, then method, then the body, then each parameter. */
function distanceBetween(asked: RequestParts, recorded: RequestParts): number {
  const path = asked.path === recorded.path ? 0 : 4 + 10 * (1 - sharedSegments(asked.path, recorded.path))
  const method = asked.method === recorded.method ? 0 : 5
  const body = asked.body === recorded.body ? 0 : 3
  return path + method + body + queryDifferences(asked.query, recorded.query).length
}

function sharedSegments(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  const same = left.filter((segment, index) => segment === right[index]).length
  return same / Math.max(left.length, right.length)
}

function queryDifferences(
  asked: readonly QueryPart[],
  recorded: readonly QueryPart[],
): readonly Difference[] {
  const names = new Set([...asked, ...recorded].map(({ name }) => name))
  return [...names].flatMap((name) => {
    const [now, then] = [valuesOf(asked, name), valuesOf(recorded, name)]
    return now === then
      ? []
      : [{ field: `query ${name}`, recorded: masked(name, then), asked: masked(name, now) }]
  })
}

function valuesOf(parts: readonly QueryPart[], name: string): string | undefined {
  const values = parts.filter((part) => part.name === name).map(({ value }) => value ?? '')
  return values.length === 0 ? undefined : values.join(', ')
}

/** Most differences of one body that a report lists. */
const MAX_BODY_DIFFERENCES = 5

function bodyDifferences(asked: RequestParts, recorded: RequestParts): readonly Difference[] {
  if (asked.body === recorded.body && asked.bodyKind === recorded.bodyKind) return []
  const [now, then] = [scanJson(asked.body), scanJson(recorded.body)]
  if (asked.bodyKind === 'json' && recorded.bodyKind === 'json' && now !== undefined && then !== undefined) {
    return jsonDifferences({ text: asked.body, node: now }, { text: recorded.body, node: then }, '$').slice(
      0,
      MAX_BODY_DIFFERENCES,
    )
  }
  return [{ field: 'body', recorded: bodySize(recorded), asked: bodySize(asked) }]
}

function bodySize(parts: RequestParts): string | undefined {
  return parts.bodyKind === 'none' ? undefined : `${parts.body.length} bytes of ${parts.bodyKind}`
}

interface JsonAt {
  readonly text: string
  readonly node: JsonNode
}

function jsonDifferences(asked: JsonAt, recorded: JsonAt, path: string): readonly Difference[] {
  const [now, then] = [jsonText(asked.text, asked.node), jsonText(recorded.text, recorded.node)]
  if (now === then) return []
  const [children, others] = [childrenOf(asked.node), childrenOf(recorded.node)]
  if (asked.node.kind !== recorded.node.kind || children === undefined || others === undefined) {
    return [{ field: `body ${path}`, recorded: masked(path, short(then)), asked: masked(path, short(now)) }]
  }
  return [...new Set([...children.keys(), ...others.keys()])].flatMap((name) => {
    const [left, right] = [children.get(name), others.get(name)]
    const place = asked.node.kind === 'array' ? `${path}[${name}]` : `${path}.${name}`
    if (left !== undefined && right !== undefined) {
      return jsonDifferences({ text: asked.text, node: left }, { text: recorded.text, node: right }, place)
    }
    return [
      {
        field: `body ${place}`,
        recorded: right && masked(name, short(jsonText(recorded.text, right))),
        asked: left && masked(name, short(jsonText(asked.text, left))),
      },
    ]
  })
}

function childrenOf(node: JsonNode): ReadonlyMap<string, JsonNode> | undefined {
  if (node.kind === 'object') return new Map(node.members.map(({ name, value }) => [name, value]))
  if (node.kind === 'array') return new Map(node.items.map((item, index) => [String(index), item]))
  return undefined
}

/** Reports end up in logs: what may be a secret is named, never shown. */
function masked(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : maskedValue(name, value)
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}
