import { stringify } from 'yaml'
import { stringValue, type JsonNode } from '../core/json.ts'
import { claimsOf, findJwts, parseJwt, type Jwt } from '../core/jwt.ts'
import { isAnswered, type PairId, type PairSource, type AnsweredPair } from '../core/pair.ts'
import { printable } from '../core/printable.ts'
import { formatDuration } from '../core/time.ts'
import { findJwks } from '../keys/jwks.ts'
import { readJsonPath } from './json-path/json-path-syntax.ts'
import { responseMessage } from './message/response-message.ts'

export interface ScaffoldNames {
  readonly snapshot: string
  /** What the first line points editors to; undefined leaves the line out. */
  readonly schemaPath: string | undefined
}

export interface Scaffold {
  readonly yaml: string
  /** How many chains it has; 0 for a snapshot that needs none. */
  readonly chains: number
}

/** A transform document that makes what a snapshot holds believable again, with a comment by each chain saying why. */
export function scaffold(pairs: PairSource, names: ScaffoldNames): Scaffold {
  const chains = chainsFor(pairs)
  const schema = names.schemaPath === undefined ? [] : [`# yaml-language-server: $schema=${names.schemaPath}`]
  const lines = [
    ...schema,
    `# How the snapshot ${names.snapshot} is replayed, written from what it holds by: reseal transform scaffold ${names.snapshot}`,
    `# It is yours to edit. What it does is shown by: reseal transform preview ${names.snapshot}`,
    'version: 1',
    ...(chains.length === 0
      ? ['# The snapshot holds no JWT and no JWKS: every response is served as recorded.', 'responder: []']
      : ['responder:', ...namedChains(chains).flatMap(([id, chain]) => chainLines(id, chain))]),
    '',
  ]
  return { yaml: lines.join('\n'), chains: chains.length }
}

/** One place where responses carry something that needs a transform. */
interface Finding {
  readonly kind: 'jwt' | 'jwks'
  readonly method: string
  readonly path: string
  readonly host: string
  readonly extractor: string
  /** A JSON path; undefined for the whole text, `find` for tokens inside some other text. */
  readonly locator: string | undefined | { readonly find: 'jwt' }
  readonly tokens: readonly Jwt[]
}

interface Chain extends Finding {
  readonly pairs: readonly PairId[]
  /** Another backend was asked the same: the host tells them apart. */
  readonly ambiguous: boolean
}

function chainsFor(pairs: PairSource): readonly Chain[] {
  const chains = new Map<string, Chain>()
  const hosts = new Map<string, Set<string>>()
  for (const head of pairs.heads()) {
    const pair = pairs.pair(head.id)
    if (pair === undefined || !isAnswered(pair)) continue
    const asked = questionOf(pair)
    hosts.set(asked, (hosts.get(asked) ?? new Set()).add(hostOf(pair)))
    for (const finding of findingsIn(pair)) {
      const { kind, method, path, host, extractor, locator } = finding
      const id = JSON.stringify([kind, method, path, host, extractor, locator])
      const known = chains.get(id)
      chains.set(id, {
        ...finding,
        tokens: [...(known?.tokens ?? []), ...finding.tokens],
        pairs: [...(known?.pairs ?? []), pair.id],
        ambiguous: false,
      })
    }
  }
  return [...chains.values()].map((chain) => ({
    ...chain,
    ambiguous: (hosts.get(`${chain.method} ${chain.path}`)?.size ?? 0) > 1,
  }))
}

function questionOf({ request }: AnsweredPair): string {
  return `${request.method} ${pathOf(request.target)}`
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? '/'
}

function hostOf(pair: AnsweredPair): string {
  return new URL(pair.route.target).host
}

function findingsIn(pair: AnsweredPair): readonly Finding[] {
  const message = responseMessage(pair)
  const about = {
    method: pair.request.method,
    path: pathOf(pair.request.target),
    host: hostOf(pair),
  }
  const inHeaders = [...new Set(pair.response.headers.map(([name]) => name))].flatMap((name) => {
    const values = message.header(name).map((focus) => focus.recorded)
    const tokens = values.flatMap((value) => findJwts(value).map(({ jwt }) => jwt))
    if (tokens.length === 0) return []
    const whole = values.every((value) => parseJwt(value.replace(/^Bearer /i, '')) !== undefined)
    const locator = whole ? undefined : ({ find: 'jwt' } as const)
    const extractor = `{ http_res_header: ${scalar(name)} }`
    return [{ ...about, kind: 'jwt' as const, extractor, locator, tokens }]
  })
  const body = message.body()
  return body === undefined ? inHeaders : [...bodyFindings(body.recorded, body.json(), about), ...inHeaders]
}

type About = Pick<Finding, 'method' | 'path' | 'host'>

function bodyFindings(text: string, json: JsonNode | undefined, about: About): readonly Finding[] {
  const extractor = 'http_res_body'
  if (findJwks(text) !== undefined)
    return [{ ...about, kind: 'jwks', extractor, locator: undefined, tokens: [] }]
  const all = findJwts(text).map(({ jwt }) => jwt)
  if (all.length === 0) return []
  const placed = json === undefined ? [] : tokensByPath(text, json)
  const readable = placed.every(({ path }) => readJsonPath(path).problem === undefined)
  if (placed.length !== all.length || !readable) {
    const whole = parseJwt(text.trimEnd()) !== undefined
    return [{ ...about, kind: 'jwt', extractor, locator: whole ? undefined : { find: 'jwt' }, tokens: all }]
  }
  return [...Map.groupBy(placed, ({ path }) => path)].map(([path, found]) => ({
    ...about,
    kind: 'jwt',
    extractor,
    locator: path,
    tokens: found.map(({ jwt }) => jwt),
  }))
}

/** JSON strings that are JWTs, by path; positions in lists become `[*]`. Without recursion: bodies nest at will. */
function tokensByPath(text: string, root: JsonNode): readonly { path: string; jwt: Jwt }[] {
  const found: { path: string; jwt: Jwt }[] = []
  const waiting: Waiting[] = [{ node: root, path: '', depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, path, depth } = next
    if (depth > DEEPEST_PATH) continue
    if (node.kind === 'object') {
      for (const { name, value } of node.members.toReversed()) {
        waiting.push({ node: value, path: memberPath(path, name), depth: depth + 1 })
      }
    } else if (node.kind === 'array') {
      for (const item of node.items.toReversed()) {
        waiting.push({ node: item, path: `${path || '$'}[*]`, depth: depth + 1 })
      }
    } else if (node.kind === 'string' && node.end - node.start > SHORTEST_TOKEN) {
      const jwt = parseJwt(stringValue(text, node) ?? '')
      if (jwt !== undefined) found.push({ path, jwt })
    }
  }
  return found
}

interface Waiting {
  readonly node: JsonNode
  readonly path: string
  readonly depth: number
}

/** Tokens further down are found by `find: jwt`; a path of so many names is nothing to read. */
const DEEPEST_PATH = 50

/** `{"alg":"none"}` and `{}` come to less in no spelling. */
const SHORTEST_TOKEN = 20

function memberPath(parent: string, name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return parent === '' ? name : `${parent}.${name}`
  return `${parent || '$'}['${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`
}

/** Each chain with an id of its own; what two names have in common after their spelling is made plain gets a number. */
function namedChains(chains: readonly Chain[]): readonly (readonly [id: string, chain: Chain])[] {
  const taken = new Map<string, number>()
  return chains.map((chain) => {
    const id = idOf(chain)
    const times = (taken.get(id) ?? 0) + 1
    taken.set(id, times)
    return [times === 1 ? id : `${id}-${times}`, chain] as const
  })
}

function chainLines(id: string, chain: Chain): readonly string[] {
  const { kind, method, path, host, ambiguous } = chain
  const filters = { method, path, ...(ambiguous ? { host } : {}) }
  const flow = Object.entries(filters).map(([name, value]) => `${name}: ${scalar(value)}`)
  return [
    ...commentFor(chain).map((line) => `  # ${printable(line)}`),
    `  - id: ${scalar(id)}`,
    `    filters: { ${flow.join(', ')} }`,
    `    extractor: ${chain.extractor}`,
    '    transforms:',
    ...locatorLines(chain),
    ...(kind === 'jwks' ? ['      - jwks: {}'] : ['      - jwt_resign: {}']),
  ]
}

function locatorLines({ locator }: Chain): readonly string[] {
  if (locator === undefined) return []
  return typeof locator === 'string' ? [`      - json_path: ${scalar(locator)}`] : ['      - find: jwt']
}

function commentFor(chain: Chain): readonly string[] {
  const where = `${pairList(chain.pairs)} ${chain.pairs.length === 1 ? 'answers' : 'answer'}`
  if (chain.kind === 'jwks') {
    return [
      `${where} with a JWKS: the keys that re-sign are published in it, under the kid the tokens carry.`,
    ]
  }
  const kinds = new Set(chain.tokens.map(describe))
  const symmetric = chain.tokens.some(({ alg }) => alg.startsWith('HS'))
  return [
    `${where} with ${chain.tokens.length === 1 ? 'a JWT' : `${chain.tokens.length} JWTs`}:`,
    ...[...kinds].slice(0, 5).map((kind) => `  ${kind}`),
    symmetric
      ? 'The service shares its HMAC secret: mount it and name it, jwt_resign: { secretPath: NAME/KEY }'
      : 'Signed with a key reseal makes; with a mounted one: jwt_resign: { secretPath: NAME/tls.key }',
  ]
}

function describe(jwt: Jwt): string {
  const { iss, iat, exp } = claimsOf(jwt)
  const lived =
    typeof iat === 'number' && typeof exp === 'number' ? [`lived ${formatDuration((exp - iat) * 1000)}`] : []
  return [
    jwt.alg,
    ...(jwt.kid === undefined ? [] : [`kid ${jwt.kid}`]),
    ...(typeof iss === 'string' ? [`from ${iss}`] : []),
    ...lived,
  ].join(', ')
}

function pairList(ids: readonly PairId[]): string {
  const shown = ids.slice(0, 8).join(', ')
  return `${ids.length === 1 ? 'Pair' : 'Pairs'} ${shown}${ids.length > 8 ? ` and ${ids.length - 8} more` : ''}`
}

/** `post-oauth-token-access_token`: what a report can call the chain. */
function idOf({ kind, method, path, host, ambiguous, extractor, locator }: Chain): string {
  const inHeader = /http_res_header: (\S+)/.exec(extractor)?.[1]
  const what = kind === 'jwks' ? 'jwks' : (inHeader ?? (typeof locator === 'string' ? locator : 'jwt'))
  return [method, ...(ambiguous ? [host] : []), path, ...(path.toLowerCase().endsWith(what) ? [] : [what])]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

function scalar(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd()
}
