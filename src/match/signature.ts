import { createHash } from 'node:crypto'
import { binaryText, type BinaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { scanJson } from '../core/json.ts'
import { canonicalJson, type JsonPattern } from './canonical-json.ts'
import { jwtsAsClaims } from './jwt-fingerprint.ts'
import { queryParts, type QueryPart } from './query.ts'

declare const brand: unique symbol
/** Equal for two requests exactly when they are the same question. Injective: built of length-prefixed parts. */
export type Signature = string & { readonly [brand]: 'Signature' }

/** What does not count when requests are compared. */
export interface MatchRules {
  /** Names of query parameters. */
  readonly ignoreQuery: ReadonlySet<string>
  /** Places in JSON bodies. */
  readonly ignoreJson: readonly JsonPattern[]
}

/** The parts of a request that make its signature, each comparable by itself. */
export interface RequestParts {
  readonly method: string
  readonly path: string
  /** Sorted by name, then value: the order of parameters does not count, repeats do. */
  readonly query: readonly QueryPart[]
  readonly body: BinaryText
  readonly bodyKind: 'none' | 'json' | 'form' | 'bytes'
  /** The fields of a form body, sorted; empty for other bodies. */
  readonly form: readonly QueryPart[]
}

/** A body whose JSON nests deeper than this is compared by its bytes. */
export const MAX_CANONICAL_DEPTH = 500

/** The signature of a request: method, path, query as a multiset, body by what it says. */
export function signatureOf(request: HttpRequest, rules: MatchRules): Signature {
  return signatureOfParts(requestParts(request, rules))
}

/** One signature for one set of parts; the body goes in as its SHA-256 so that an index stays small. */
export function signatureOfParts(parts: RequestParts): Signature {
  const body = parts.body === '' ? '' : createHash('sha256').update(parts.body, 'latin1').digest('base64url')
  const fields = [
    parts.method,
    parts.path,
    ...parts.query.flatMap(({ name, value }) => [name, value ?? '\0']),
  ]
  const prefixed = [...fields, `${parts.bodyKind}${body}`].map((field) => `${field.length}:${field}`)
  return `${prefixed.length};${prefixed.join('')}` as Signature
}

/** Takes a request apart, content codings undone, ignored places left out, JWTs reduced to what they say. */
export function requestParts(request: HttpRequest, rules: MatchRules): RequestParts {
  const target = originForm(request.target)
  const mark = target.indexOf('?')
  const query = mark === -1 ? [] : queryParts(target.slice(mark + 1))
  return {
    method: request.method,
    path: mark === -1 ? target : target.slice(0, mark),
    query: query
      .filter(({ name }) => !rules.ignoreQuery.has(name))
      .map(({ name, value }) => ({ name, value: value === undefined ? value : jwtsAsClaims(value) }))
      .toSorted(byNameAndValue),
    ...bodyParts(request, rules),
  }
}

/** The path of a target, without query. */
export function pathOf(target: string): string {
  return originForm(target).split('?', 1)[0] ?? ''
}

/** Absolute-form targets (RFC 9112 §3.2.2) name the same resource as their origin-form. */
function originForm(target: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)
  if (absolute === null) return target
  const rest = target.slice(absolute[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function bodyParts(
  request: HttpRequest,
  rules: MatchRules,
): Pick<RequestParts, 'body' | 'bodyKind' | 'form'> {
  if (request.body.length === 0) return { body: '', bodyKind: 'none', form: [] }
  const text = binaryText(decodeBody(request.headers, request.body)?.bytes ?? request.body)
  const type = contentType(request)
  if (type === 'application/x-www-form-urlencoded') {
    const form = formFields(text)
    return { body: formBody(form), bodyKind: 'form', form }
  }
  const first = text.trimStart()[0]
  const json = type.endsWith('json') || first === '{' || first === '[' ? scanJson(text) : undefined
  const canonical = json && canonicalJson(text, json, rules.ignoreJson, MAX_CANONICAL_DEPTH)
  return canonical === undefined
    ? { body: jwtsAsClaims(text), bodyKind: 'bytes', form: [] }
    : { body: jwtsAsClaims(canonical), bodyKind: 'json', form: [] }
}

/** Form fields compare as query parameters do: any order, repeats kept. */
function formFields(text: BinaryText): readonly QueryPart[] {
  return queryParts(text)
    .map(({ name, value }) => ({ name, value: value === undefined ? value : jwtsAsClaims(value) }))
    .toSorted(byNameAndValue)
}

function formBody(fields: readonly QueryPart[]): BinaryText {
  return fields
    .flatMap(({ name, value }) => [name, value ?? '\0'])
    .map((field) => `${field.length}:${field}`)
    .join('')
}

function byNameAndValue(a: QueryPart, b: QueryPart): number {
  return order(a.name, b.name) || order(a.value ?? '', b.value ?? '')
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function contentType(request: HttpRequest): string {
  const field = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  return (field.split(';')[0] ?? '').trim().toLowerCase()
}
