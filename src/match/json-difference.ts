import { jsonText, stringValue, type JsonNode } from '../core/json.ts'
import { isSecretName, maskedName } from '../core/masking.ts'
import { canonicalJson } from './canonical-json.ts'
import { classStandIn } from './compared-value.ts'
import { valueDifference, type Difference } from './difference.ts'
import { jwtsAsClaims } from './jwt-fingerprint.ts'
import { atRoot, further, type PatternPlaces } from './json-pattern.ts'
import type { MatchRules } from './match-rules.ts'
import { MAX_COMPARED_DEPTH, type RequestBody } from './request-body.ts'

type JsonBody = Extract<RequestBody<JsonNode>, { readonly kind: 'json' }>

/** Differences deeper than this are told at this depth. */
const MAX_DEPTH = 20

/** A place in both documents. */
interface Place {
  /** As a JSON path that `match.ignore.json` reads; undefined where no path leads to it. */
  readonly path: string | undefined
  /** As reports show it. */
  readonly shown: string
  /** Some name on the way to it speaks of a secret. */
  readonly secret: boolean
  readonly ignored: PatternPlaces
  readonly depth: number
}

/** The places where two documents differ, in document order; each the highest that only one of them has. */
export function* jsonDifferences(
  asked: JsonBody,
  recorded: JsonBody,
  rules: MatchRules,
): Generator<Difference> {
  const root = { path: '$', shown: '$', secret: false, ignored: atRoot(rules.ignoreJson), depth: 0 }
  yield* nodeDifferences(asked.json, recorded.json, root, { asked, recorded, rules })
}

interface Comparison {
  readonly asked: JsonBody
  readonly recorded: JsonBody
  readonly rules: MatchRules
}

function* nodeDifferences(
  now: JsonNode,
  then: JsonNode,
  place: Place,
  comparison: Comparison,
): Generator<Difference> {
  const { asked, recorded, rules } = comparison
  const [children, others] = [childrenOf(now), childrenOf(then)]
  if (now.kind !== then.kind || children === undefined || others === undefined || place.depth >= MAX_DEPTH) {
    const compared = comparedNode(asked.text, now, place, rules)
    if (compared === comparedNode(recorded.text, then, place, rules)) return
    yield differenceAt(place, scalarOf(asked.text, now), scalarOf(recorded.text, then))
    return
  }
  for (const name of new Set([...others.keys(), ...children.keys()])) {
    const below = childPlace(place, name, now.kind === 'array')
    if (below === undefined) continue
    const [left, right] = [children.get(name), others.get(name)]
    if (left !== undefined && right !== undefined) yield* nodeDifferences(left, right, below, comparison)
    else {
      yield differenceAt(below, left && scalarOf(asked.text, left), right && scalarOf(recorded.text, right))
    }
  }
}

/** @returns undefined for a place that does not count */
function childPlace(place: Place, name: string, inArray: boolean): Place | undefined {
  const ignored = further(place.ignored, name)
  if (ignored === undefined) return undefined
  const step = inArray ? `[${name}]` : PLAIN_NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
  const known = place.path !== undefined && (inArray || !UNREACHABLE.test(name))
  return {
    path: known ? place.path + step : undefined,
    shown: `${place.shown}${inArray ? step : maskedName(name) === name ? step : `.${maskedName(name)}`}`,
    secret: place.secret || isSecretName(name),
    ignored,
    depth: place.depth + 1,
  }
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/
/** Names that a JSON path of a transform document cannot spell. */
const UNREACHABLE = /[[\];\\^~#@%'"(),\ud800-\udfff]|[^\x20-\uffff]/

function differenceAt(place: Place, asked: Scalar | undefined, recorded: Scalar | undefined): Difference {
  const name = place.secret ? 'secret' : ''
  const difference = valueDifference(`body ${place.shown}`, name, asked?.text, recorded?.text, undefined)
  const quoted = (shown: string | undefined, scalar: Scalar | undefined): string | undefined =>
    scalar?.isString === true && shown === scalar.text ? JSON.stringify(shown) : shown
  const written = {
    ...difference,
    recorded: quoted(difference.recorded, recorded),
    asked: quoted(difference.asked, asked),
  }
  const { path } = place
  const nameable = path !== undefined && path !== '$' && place.shown === path
  return nameable ? { ...written, ignore: { key: 'json', entries: [path] } } : written
}

function comparedNode(text: string, node: JsonNode, { ignored }: Place, { kinds }: MatchRules): string {
  const standIn = (value: string): string | undefined => classStandIn(value, kinds)
  const own = jsonText(text, node)
  return jwtsAsClaims(canonicalJson(own, MAX_COMPARED_DEPTH, { ignored, standIn }) ?? own)
}

interface Scalar {
  readonly text: string
  readonly isString: boolean
}

/** A scalar's value; of a list or object only that it is one, since anything may be in it. */
function scalarOf(text: string, node: JsonNode): Scalar {
  if (node.kind === 'object' || node.kind === 'array') return { text: `(an ${node.kind})`, isString: false }
  const value = stringValue(text, node)
  return { text: value ?? jsonText(text, node), isString: value !== undefined }
}

/** Undefined for what is compared whole: scalars, and objects that repeat a name. */
function childrenOf(node: JsonNode): ReadonlyMap<string, JsonNode> | undefined {
  if (node.kind === 'object') {
    const children = new Map(node.members.map(({ name, value }) => [name, value]))
    return children.size === node.members.length ? children : undefined
  }
  if (node.kind === 'array') return new Map(node.items.map((item, index) => [String(index), item]))
  return undefined
}
