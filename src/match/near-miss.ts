import { jsonText, scanJson, type JsonNode } from '../core/json.ts'
import { isSecretName, maskedName, maskedTarget, maskedValue } from '../core/masking.ts'
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

/** How many recorded requests are compared whole, those whose method and path come nearest. */
const COMPARED_WHOLE = 50

/** What is known of a recorded request without reading it. */
export interface CandidateHead {
  readonly pair: PairId
  readonly method: string
  readonly path: string
}

/** The requests worth comparing whole, by method and path alone. */
export function likelyCandidates(
  asked: Pick<RequestParts, 'method' | 'path'>,
  heads: Iterable<CandidateHead>,
): readonly PairId[] {
  const ranked = [...heads].map(({ pair, method, path }) => ({
    pair,
    distance: pathDistance(asked.path, path) + (asked.method === method ? 0 : 5),
  }))
  return ranked
    .toSorted((a, b) => a.distance - b.distance || a.pair - b.pair)
    .slice(0, COMPARED_WHOLE)
    .map(({ pair }) => pair)
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

/** Most differences of one pair that a report lists. */
const MAX_DIFFERENCES = 10

/** The fields in which two requests differ, the first {@link MAX_DIFFERENCES} of them. */
export function differences(asked: RequestParts, recorded: RequestParts): readonly Difference[] {
  const differs: Difference[] = []
  if (asked.method !== recorded.method)
    differs.push({ field: 'method', recorded: recorded.method, asked: asked.method })
  if (asked.path !== recorded.path)
    differs.push({ field: 'path', recorded: maskedTarget(recorded.path), asked: maskedTarget(asked.path) })
  differs.push(...partDifferences('query', asked.query, recorded.query), ...bodyDifferences(asked, recorded))
  return differs.slice(0, MAX_DIFFERENCES)
}

/** Path counts most, then method, then the body, then each parameter. */
function distanceBetween(asked: RequestParts, recorded: RequestParts): number {
  const path = pathDistance(asked.path, recorded.path)
  const method = asked.method === recorded.method ? 0 : 5
  const body = asked.body === recorded.body ? 0 : 3
  return path + method + body + differingNames(asked.query, recorded.query)
}

function pathDistance(asked: string, recorded: string): number {
  return asked === recorded ? 0 : 4 + 10 * (1 - sharedSegments(asked, recorded))
}

function differingNames(asked: readonly QueryPart[], recorded: readonly QueryPart[]): number {
  const [now, then] = [valuesByName(asked), valuesByName(recorded)]
  const names = new Set([...now.keys(), ...then.keys()])
  return [...names].filter((name) => now.get(name) !== then.get(name)).length
}

function sharedSegments(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  const same = left.filter((segment, index) => segment === right[index]).length
  return same / Math.max(left.length, right.length)
}

function partDifferences(
  what: 'query' | 'form',
  asked: readonly QueryPart[],
  recorded: readonly QueryPart[],
): readonly Difference[] {
  const [now, then] = [valuesByName(asked), valuesByName(recorded)]
  const names = new Set([...now.keys(), ...then.keys()])
  return [...names].flatMap((name) => {
    const [asks, has] = [now.get(name), then.get(name)]
    if (asks === has) return []
    return [{ field: `${what} ${maskedName(name)}`, recorded: masked(name, has), asked: masked(name, asks) }]
  })
}

function valuesByName(parts: readonly QueryPart[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const { name, value = '' } of parts) {
    const earlier = values.get(name)
    values.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  return values
}

function bodyDifferences(asked: RequestParts, recorded: RequestParts): readonly Difference[] {
  if (asked.body === recorded.body && asked.bodyKind === recorded.bodyKind) return []
  const [now, then] = [scanJson(asked.body), scanJson(recorded.body)]
  if (asked.bodyKind === 'json' && recorded.bodyKind === 'json' && now !== undefined && then !== undefined) {
    const differs = jsonDifferences({ text: asked.body, node: now }, { text: recorded.body, node: then })
    return [...differs.take(MAX_DIFFERENCES)]
  }
  if (asked.bodyKind === 'form' && recorded.bodyKind === 'form') {
    return partDifferences('form', asked.form, recorded.form)
  }
  return [{ field: 'body', recorded: bodyWords(recorded), asked: bodyWords(asked) }]
}

function bodyWords({ bodyKind, body }: RequestParts): string | undefined {
  const words = { none: undefined, json: 'JSON', form: 'a form', bytes: `${body.length} bytes` }
  return words[bodyKind]
}

interface JsonAt {
  readonly text: string
  readonly node: JsonNode
}

/** Deeper differences are told at this depth. */
const MAX_DEPTH = 20

/** The first places where two documents differ; a value is masked when any name on the way to it speaks of a secret. */
function* jsonDifferences(
  asked: JsonAt,
  recorded: JsonAt,
  path = '$',
  secret = false,
  depth = 0,
): Generator<Difference> {
  if (jsonText(asked.text, asked.node) === jsonText(recorded.text, recorded.node)) return
  const [children, others] = [childrenOf(asked.node), childrenOf(recorded.node)]
  if (asked.node.kind !== recorded.node.kind || !children || !others || depth >= MAX_DEPTH) {
    yield { field: `body ${path}`, recorded: shown(recorded, secret), asked: shown(asked, secret) }
    return
  }
  for (const name of new Set([...children.keys(), ...others.keys()])) {
    const [left, right] = [children.get(name), others.get(name)]
    const place = asked.node.kind === 'array' ? `${path}[${name}]` : `${path}.${maskedName(name)}`
    const hidden = secret || isSecretName(name)
    if (left !== undefined && right !== undefined) {
      const [now, then] = [
        { text: asked.text, node: left },
        { text: recorded.text, node: right },
      ]
      yield* jsonDifferences(now, then, place, hidden, depth + 1)
    } else {
      yield {
        field: `body ${place}`,
        recorded: right && shown({ text: recorded.text, node: right }, hidden),
        asked: left && shown({ text: asked.text, node: left }, hidden),
      }
    }
  }
}

/** A scalar, masked or shortened; of a list or object only that it is one, since anything may be in it. */
function shown({ text, node }: JsonAt, secret: boolean): string {
  if (node.kind === 'object' || node.kind === 'array') return `(an ${node.kind})`
  return short(maskedValue(secret ? 'secret' : '', jsonText(text, node)))
}

function childrenOf(node: JsonNode): ReadonlyMap<string, JsonNode> | undefined {
  if (node.kind === 'object') return new Map(node.members.map(({ name, value }) => [name, value]))
  if (node.kind === 'array') return new Map(node.items.map((item, index) => [String(index), item]))
  return undefined
}

/** Reports end up in logs: what may be a secret is named, never shown. */
function masked(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : short(maskedValue(name, value))
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}
