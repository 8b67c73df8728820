import { numberValue, stringValue, memberOf, type JsonNode } from '../../core/json.ts'
import { claimsOf, parseJwt } from '../../core/jwt.ts'
import { utf8OfText } from '../../core/binary-text.ts'
import type { EpochMs } from '../../core/time.ts'
import { findJwks } from '../../keys/jwks.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import { recogniseDate } from '../values/date-format.ts'
import { endpointsIn } from './discovery.ts'
import type { Finding } from './finding.ts'
import { stateFindings } from './login-states.ts'
import { quoted, walkJson, type PlacedNode } from './json-members.ts'
import { tokenFindings } from './token-findings.ts'

/** Everything in a response that is not believed, or does not fit, when it is served on another day. */
export function findingsIn(message: ResponseMessage): readonly Finding[] {
  const body = message.body()
  const jwks = body === undefined || findJwks(body.recorded) === undefined ? undefined : JWKS
  return [
    ...(jwks === undefined ? [] : [jwks]),
    ...metadataFindings(message),
    ...(jwks === undefined ? tokenFindings(message) : []),
    ...dateFindings(message),
    ...stateFindings(message),
  ]
}

const JWKS: Finding = {
  kind: 'jwks',
  name: 'jwks',
  extractor: 'http_res_body',
  steps: [{ jwks: {} }],
  tokens: [],
}

function metadataFindings(message: ResponseMessage): readonly Finding[] {
  if (endpointsIn(message) === undefined) return []
  const steps = [{ issuer_metadata: {} }]
  return [{ kind: 'metadata', name: 'metadata', extractor: 'http_res_body', steps, tokens: [] }]
}

/** Members whose value is a moment after which something is over. */
const EXPIRY =
  /^(?:exp|(?:token_?|access_token_?)?expir(?:y|es|ation)(?:_?(?:at|on|date|time))?|valid_?(?:until|to)|not_?after)$/i

/** What a text has in it that has such a member. */
const MAY_EXPIRE = /"exp"|expir|valid_?(?:until|to)|not_?after/i

/** Moments that stand beside `exp` in an answer about a token (RFC 7662 §2.2). */
const BESIDE_EXP = ['iat', 'nbf', 'auth_time'] as const

/** Longest time from the recording to an expiry; what lies further off needs no help. */
const MAX_AHEAD_MS = 10 * 365.25 * 86_400_000

/** Dates in JSON at which something was going to expire, unless they follow a token beside them. */
function dateFindings(message: ResponseMessage): readonly Finding[] {
  const body = message.body()
  if (body === undefined || !MAY_EXPIRE.test(body.recorded)) return []
  const root = body.json()
  if (root === undefined) return []
  const text = body.recorded
  const { at } = message.pair
  const found = [...walkJson(root)].filter((placed) => isExpiry(text, placed, at))
  const paths = new Set(found.map((placed) => datePath(text, placed)))
  return [...paths].map((path) => ({
    kind: 'date',
    name: path,
    extractor: 'http_res_body',
    steps: [{ json_path: path }, { date_shift: {} }],
    tokens: [],
  }))
}

function isExpiry(text: string, { name, node, parent }: PlacedNode, recordedAtMs: EpochMs): boolean {
  if (name === undefined || !EXPIRY.test(name)) return false
  const moment = momentOf(text, node)
  if (moment === undefined || moment <= recordedAtMs || moment > recordedAtMs + MAX_AHEAD_MS) return false
  return !followsToken(text, parent?.node, moment)
}

function momentOf(text: string, node: JsonNode): EpochMs | undefined {
  const written = stringValue(text, node) ?? numberValue(text, node)
  return written === undefined ? undefined : recogniseDate(utf8OfText(String(written)))?.epochMs
}

/** What a token beside it says too, jwt_resign keeps true. */
function followsToken(text: string, beside: JsonNode | undefined, moment: EpochMs): boolean {
  if (beside?.kind !== 'object') return false
  return beside.members.some(({ value }) => {
    const jwt = parseJwt(stringValue(text, value) ?? '')
    const expires = jwt && claimsOf(jwt)['exp']
    return typeof expires === 'number' && Math.abs(expires * 1000 - moment) <= 1000
  })
}

/** Of an answer about a token, all its moments at once. */
function datePath(text: string, { path, name, parent }: PlacedNode): string {
  if (name !== 'exp' || parent === undefined) return path
  const beside = BESIDE_EXP.filter((other) => momentOf(text, memberOf(parent.node, other) ?? parent.node))
  if (beside.length === 0) return path
  const names = ['exp', ...beside].map(quoted).join(', ')
  return `${parent.path === '' ? '$' : parent.path}[${names}]`
}
