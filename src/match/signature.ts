import type { HttpRequest } from '../core/exchange.ts'
import { headerValues } from '../core/headers.ts'
import type { ValueKind } from '../core/value-kind.ts'
import { asksForWebSocket } from '../core/web-socket-request.ts'
import { canonicalJson } from './canonical-json.ts'
import { classOf, classStandIn, comparedValue } from './compared-value.ts'
import { atRoot } from './json-pattern.ts'
import { jwtsAsClaims } from './jwt-fingerprint.ts'
import type { MatchRules } from './match-rules.ts'
import type { MultipartPart } from './multipart.ts'
import { queryParts, sortedParts, type QueryPart } from './query.ts'
import {
  contentOf,
  MAX_COMPARED_DEPTH,
  requestBody,
  type JsonReader,
  type RequestBody,
} from './request-body.ts'
import { comparedPath, targetParts } from './request-path.ts'
import { textDigest } from './text-digest.ts'

declare const brand: unique symbol
/**
 * Equal for two requests exactly when they are the same question. Injective: built of length-prefixed parts; past
 * {@link MAX_PLAIN} characters, and for bodies past {@link MAX_PLAIN_BODY}, up to the SHA-256 of what it would be.
 */
export type Signature = string & { readonly [brand]: 'Signature' }

/** Longer signatures are kept as their SHA-256. */
const MAX_PLAIN = 512
/** Longer bodies go in as their SHA-256. */
const MAX_PLAIN_BODY = 128

/**
 * The signature of a request: method, path, query as a multiset, the header fields that count, content by what it
 * says. The backend it is for is not in it.
 */
export function signatureOf(request: HttpRequest, rules: MatchRules): Signature {
  const { path, query } = targetParts(request.target)
  let text = prefixed(askedMethod(request, rules)) + prefixed(comparedPath(path, rules))
  if (query !== undefined && query !== '') {
    const list = parameterList(queryParts(query), rules.ignoreQuery, rules)
    // A query of which nothing counts is none.
    if (list !== NO_FIELDS) text += `?${list}`
  }
  if (rules.headers.length > 0) text += `h${headerList(request, rules)}`
  if (request.body.length > 0) text += bodyText(requestBody(request, comparedJson(rules)), rules)
  // A plain one begins with a digit.
  return (text.length <= MAX_PLAIN ? text : `#${textDigest(text)}`) as Signature
}

/** The method as it is compared: to become a WebSocket is another question than to get something. */
export function askedMethod(request: HttpRequest, { methods }: Pick<MatchRules, 'methods'>): string {
  if (asksForWebSocket(request)) return `${request.method} with Upgrade: websocket`
  return methods.size > 0 && methods.has(request.method) ? classOf('method') : request.method
}

/** What a form of one field and the query of one parameter have in common: a list without order, repeats kept. */
function parameterList(
  parts: readonly QueryPart[],
  ignored: ReadonlySet<string>,
  { kinds }: MatchRules,
): string {
  const counting = ignored.size === 0 ? parts : parts.filter(({ name }) => !ignored.has(name))
  const compared = counting.map(({ name, value }) => ({
    name,
    value: value === undefined ? value : comparedValue(value, kinds),
  }))
  const fields = sortedParts(compared).map(({ name, value }) => prefixed(name) + prefixed(value))
  return listed(fields)
}

function headerList(request: HttpRequest, { headers, kinds }: MatchRules): string {
  const fields = headers.map((name) => {
    const values = headerValues(request.headers, name)
    if (values.length === 0) return prefixed(undefined)
    return prefixed(comparedHeader(name, values, kinds))
  })
  return listed(fields)
}

/**
 * What the values of a field are compared as: one list however many lines it has (RFC 9110 §5.3), cookies in any
 * order (RFC 6265 §5.4 leaves it open).
 */
export function comparedHeader(name: string, values: readonly string[], kinds: readonly ValueKind[]): string {
  if (name !== 'cookie') return values.map((value) => comparedField(value.trim(), kinds)).join(', ')
  const cookies = values.flatMap((value) => value.split(';')).map((cookie) => cookie.trim())
  return listed(cookies.map((cookie) => prefixed(comparedCookie(cookie, kinds))).toSorted())
}

/** A value of a kind may stand in a list, or behind the name of a scheme; a date has a comma of its own. */
function comparedField(value: string, kinds: readonly ValueKind[]): string {
  if (kinds.length === 0) return comparedValue(value, kinds)
  const words = (): string[] => value.split(/([, ]+)/).map((word) => comparedValue(word, kinds))
  return classStandIn(value, kinds) ?? words().join('')
}

function comparedCookie(cookie: string, kinds: readonly ValueKind[]): string {
  const valueAt = cookie.indexOf('=') + 1
  return cookie.slice(0, valueAt) + comparedValue(cookie.slice(valueAt), kinds)
}

function bodyText(body: RequestBody<string>, rules: MatchRules): string {
  const content = comparedContent(body, rules)
  const short = content.length <= MAX_PLAIN_BODY
  return `b${body.kind}${short ? ':' : '#'}${prefixed(short ? content : textDigest(content))}`
}

function comparedContent(body: RequestBody<string>, rules: MatchRules): string {
  switch (body.kind) {
    case 'none':
      return ''
    case 'json':
      return body.json
    case 'form':
      return parameterList(body.fields, rules.ignoreForm, rules)
    case 'multipart': {
      const parts = body.parts
        .filter(({ name }) => name === undefined || !rules.ignoreParts.has(name))
        .map((part) => partText(part, rules))
      return listed(body.ordered ? parts : parts.toSorted())
    }
    case 'bytes':
      return comparedValue(body.text, rules.kinds)
  }
}

function comparedJson({ ignoreJson, kinds }: MatchRules): JsonReader<string> {
  const leniency = {
    ignored: atRoot(ignoreJson),
    standIn: kinds.length === 0 ? undefined : (value: string) => classStandIn(value, kinds),
  }
  return (text) => {
    const canonical = canonicalJson(text, MAX_COMPARED_DEPTH, leniency)
    return canonical && jwtsAsClaims(canonical)
  }
}

/** What a part of a multipart body is compared as. */
export function partText({ name, filename, type, content }: MultipartPart, rules: MatchRules): string {
  const body = contentOf(content, type, comparedJson(rules))
  const compared = comparedContent(body, rules)
  return [name, filename, type, body.kind, compared].map(prefixed).join('')
}

const NO_FIELDS = listed([])

function listed(fields: readonly string[]): string {
  return `${fields.length};${fields.join('')}`
}

/** Says where a field ends, so that no two lists of fields read the same; `-` is none. */
function prefixed(field: string | undefined): string {
  return field === undefined ? '-' : `${field.length}:${field}`
}
