import { stringValue, type JsonNode } from '../../core/json.ts'
import { findJwts, parseJwt, type Jwt } from '../../core/jwt.ts'
import { cookieItems } from '../locators/cookie-items.ts'
import { formItems } from '../locators/form-items.ts'
import { urlParts } from '../locators/url-parts.ts'
import type { WrittenMember } from '../document/written-chain.ts'
import type { Focus } from '../message/focus.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import type { Finding } from './finding.ts'
import { walkStrings } from './json-members.ts'
import { readJsonPath } from '../json-path/json-path-syntax.ts'

/** Every JWT of a response, with the plainest steps that lead to it. */
export function tokenFindings(message: ResponseMessage): readonly Finding[] {
  const names = [...new Set(message.pair.response.headers.map(([name]) => name))]
  const body = message.body()
  const inBody = body === undefined ? [] : bodyTokens(body)
  return [...inBody, ...names.flatMap((name) => fieldTokens(name, message.header(name)))]
}

function jwtsIn(text: string): readonly Jwt[] {
  return findJwts(text).map(({ jwt }) => jwt)
}

function finding(
  name: string,
  extractor: Finding['extractor'],
  locators: readonly WrittenMember[],
  tokens: readonly Jwt[],
): Finding {
  return { kind: 'jwt', name, extractor, steps: [...locators, { jwt_resign: {} }], tokens }
}

function fieldTokens(name: string, fields: readonly Focus[]): readonly Finding[] {
  const values = fields.map(({ recorded }) => recorded)
  const tokens = values.flatMap(jwtsIn)
  if (tokens.length === 0) return []
  const lower = name.toLowerCase()
  const placed = lower === 'set-cookie' ? values.flatMap(cookieToken) : values.flatMap(urlTokens)
  if (placed.length === tokens.length) return placed.map((place) => place.finding(name))
  const whole = values.every((value) => parseJwt(value.replace(/^Bearer /i, '')) !== undefined)
  return [finding(name, { http_res_header: name }, whole ? [] : [{ find: 'jwt' }], tokens)]
}

interface PlacedToken {
  /** @param field the header field it is in */
  finding(field: string): Finding
}

/** A cookie that is a token and nothing else. */
function cookieToken(field: string): readonly PlacedToken[] {
  const [cookie] = cookieItems(field)
  const jwt = cookie && parseJwt(field.slice(cookie.value.start, cookie.value.end))
  if (cookie === undefined || jwt === undefined || !/^[^\s=;,]+$/.test(cookie.name)) return []
  return [{ finding: () => finding(cookie.name, { http_res_cookie: cookie.name }, [], [jwt]) }]
}

/** Tokens in the fragment or the query of a URL (OAuth 2.0 Multiple Response Types §5). */
function urlTokens(url: string): readonly PlacedToken[] {
  const { query, fragment } = urlParts(url)
  const inFragment = fragment === undefined ? [] : formItems(url, fragment.start, fragment.end)
  const inQuery = query === undefined ? [] : formItems(url, query.start, query.end)
  return [
    ...inFragment.map((item) => ({ item, steps: ['url_fragment', { form_field: item.name }] })),
    ...inQuery.map((item) => ({ item, steps: [{ query_param: item.name }] })),
  ].flatMap(({ item, steps }) => {
    const jwt = parseJwt(item.decoded(url))
    if (jwt === undefined) return []
    return [{ finding: (field) => finding(item.name, { http_res_header: field }, steps, [jwt]) }]
  })
}

function bodyTokens(body: Focus): readonly Finding[] {
  const text = body.recorded
  const all = jwtsIn(text)
  if (all.length === 0) return []
  const json = body.json()
  const placed = json === undefined ? htmlTokens(text) : jsonTokens(text, json)
  if (placed !== undefined && placed.flatMap(({ tokens }) => tokens).length === all.length) return placed
  const whole = parseJwt(text.trimEnd()) !== undefined
  return [finding('jwt', 'http_res_body', whole ? [] : [{ find: 'jwt' }], all)]
}

/** JSON strings that are JWTs, by path; undefined where a path would be nothing to read. */
function jsonTokens(text: string, json: JsonNode): readonly Finding[] | undefined {
  const placed = walkStrings(json, SHORTEST_TOKEN).flatMap(({ path, node }) => {
    const jwt = parseJwt(stringValue(text, node) ?? '')
    return jwt === undefined ? [] : [{ path, jwt }]
  })
  if (!placed.every(({ path }) => readJsonPath(path).problem === undefined)) return undefined
  return [...Map.groupBy(placed, ({ path }) => path)].map(([path, found]) =>
    finding(
      path,
      'http_res_body',
      [{ json_path: path }],
      found.map(({ jwt }) => jwt),
    ),
  )
}

/** `{"alg":"none"}` and `{}` come to less in no spelling. */
const SHORTEST_TOKEN = 20

/** Values of the inputs of a page that posts itself (OAuth 2.0 Form Post Response Mode §2). */
function htmlTokens(text: string): readonly Finding[] {
  return [...text.matchAll(INPUT)].flatMap(({ groups = {} }) => {
    const { name, value = '' } = groups
    const jwt = parseJwt(value)
    if (jwt === undefined || name === undefined) return []
    return [finding(name, 'http_res_body', [{ html_form: name }], [jwt])]
  })
}

/** An input with name and value, in either order. Attributes are bounded so that a page costs linear time. */
const INPUT =
  /<input\b(?=[^>]{0,500}?\bname\s?=\s?["'](?<name>[\w.-]{1,100})["'])[^>]{0,500}?\bvalue\s?=\s?["'](?<value>[\w.-]{20,})["']/gi
