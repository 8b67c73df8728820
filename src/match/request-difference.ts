import { createHash } from 'node:crypto'
import type { BinaryText } from '../core/binary-text.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { headerValues } from '../core/headers.ts'
import { scanJson, type JsonNode } from '../core/json.ts'
import { maskedName, maskedTarget } from '../core/masking.ts'
import { comparedValue } from './compared-value.ts'
import { MAX_SHOWN, valueDifference, type Difference } from './difference.ts'
import { jsonDifferences } from './json-difference.ts'
import { DEFAULT_RULES, type MatchRules } from './match-rules.ts'
import { pathDifference } from './path-difference.ts'
import { queryParts, UNDECODED, type QueryPart } from './query.ts'
import { MAX_COMPARED_DEPTH, requestBody, type RequestBody } from './request-body.ts'
import { comparedPath, targetParts } from './request-path.ts'
import { askedMethod, comparedHeader, partText } from './signature.ts'

/** Most differences of one pair that are looked for. */
export const MAX_DIFFERENCES = 10

/** A request taken apart so that it can be held against others. */
export interface OpenedRequest {
  readonly request: HttpRequest
  readonly path: string
  readonly query: readonly QueryPart[]
  readonly body: RequestBody<JsonNode>
}

/** Takes a request apart. */
export function openRequest(request: HttpRequest): OpenedRequest {
  const { path, query = '' } = targetParts(request.target)
  return { request, path, query: queryParts(query), body: requestBody(request, readTree) }
}

function readTree(text: BinaryText): JsonNode | undefined {
  return scanJson(text, MAX_COMPARED_DEPTH)
}

/**
 * The fields in which two requests differ under these rules, at most {@link MAX_DIFFERENCES} of them; empty exactly
 * when their signatures are equal.
 */
export function differences(
  asked: OpenedRequest,
  recorded: OpenedRequest,
  rules: MatchRules,
): readonly Difference[] {
  return [...everyDifference(asked, recorded, rules).take(MAX_DIFFERENCES)]
}

function* everyDifference(
  asked: OpenedRequest,
  recorded: OpenedRequest,
  rules: MatchRules,
): Generator<Difference> {
  yield* methodDifferences(asked.request, recorded.request, rules)
  if (comparedPath(asked.path, rules) !== comparedPath(recorded.path, rules)) {
    yield {
      field: 'path',
      recorded: maskedTarget(recorded.path),
      asked: maskedTarget(asked.path),
      ...pathDifference(asked.path, recorded.path),
    }
  }
  const parameters = { what: 'query', key: 'query', ignored: rules.ignoreQuery } as const
  yield* partDifferences(asked.query, recorded.query, parameters, rules)
  yield* headerDifferences(asked.request, recorded.request, rules)
  yield* bodyDifferences(asked.body, recorded.body, rules)
}

function* methodDifferences(
  asked: HttpRequest,
  recorded: HttpRequest,
  rules: MatchRules,
): Generator<Difference> {
  if (askedMethod(asked, rules) === askedMethod(recorded, rules)) return
  const [now, then] = [askedMethod(asked, DEFAULT_RULES), askedMethod(recorded, DEFAULT_RULES)]
  const entries = [recorded.method, asked.method]
  // To become a WebSocket is no method, and one in small letters would be read as another.
  const isPlain = now === asked.method && then === recorded.method && entries.every(isInCapitals)
  const ignore = isPlain ? { ignore: { key: 'method', entries } as const } : {}
  yield { field: 'method', recorded: then, asked: now, cause: 'method', ...ignore }
}

function isInCapitals(method: string): boolean {
  return method === method.toUpperCase()
}

interface PartKind {
  readonly what: 'query' | 'form'
  readonly key: 'query' | 'form'
  readonly ignored: ReadonlySet<string>
}

function* partDifferences(
  asked: readonly QueryPart[],
  recorded: readonly QueryPart[],
  { what, key, ignored }: PartKind,
  rules: MatchRules,
): Generator<Difference> {
  const [now, then] = [valuesByName(asked), valuesByName(recorded)]
  for (const name of new Set([...then.keys(), ...now.keys()])) {
    const [asks, has] = [now.get(name), then.get(name)]
    if (ignored.has(name) || comparedList(asks, rules) === comparedList(has, rules)) continue
    yield valueDifference(`${what} ${maskedName(name)}`, name, listText(asks), listText(has), {
      key,
      entries: [name],
    })
  }
}

type Values = readonly (string | undefined)[]

function valuesByName(parts: readonly QueryPart[]): ReadonlyMap<string, Values> {
  const values = new Map<string, (string | undefined)[]>()
  for (const { name, value } of parts) {
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else known.push(value)
  }
  return values
}

function comparedList(values: Values | undefined, { kinds }: MatchRules): string | undefined {
  const compared = values?.map((value) => (value === undefined ? '-' : `=${comparedValue(value, kinds)}`))
  return compared && JSON.stringify(compared.toSorted())
}

function listText(values: Values | undefined): string | undefined {
  return values?.map((value = '') => value.replace(UNDECODED, '')).join(', ')
}

function* headerDifferences(
  asked: HttpRequest,
  recorded: HttpRequest,
  { headers, kinds }: MatchRules,
): Generator<Difference> {
  for (const name of headers) {
    const [asks, has] = [headerValues(asked.headers, name), headerValues(recorded.headers, name)]
    const compared = (values: readonly string[]): string =>
      `${values.length > 0}${comparedHeader(name, values, kinds)}`
    if (compared(asks) === compared(has)) continue
    const [now, then] = [asks, has].map((values) => (values.length === 0 ? undefined : values.join(', ')))
    const difference = valueDifference(`header ${name}`, name, now, then, {
      key: 'headers',
      entries: [name],
    })
    yield difference.cause === 'missing' || difference.cause === 'extra' || difference.cause === 'value'
      ? { ...difference, cause: 'header' }
      : difference
  }
}

function* bodyDifferences(
  asked: RequestBody<JsonNode>,
  recorded: RequestBody<JsonNode>,
  rules: MatchRules,
): Generator<Difference> {
  if (asked.kind === 'json' && recorded.kind === 'json') {
    yield* jsonDifferences(asked, recorded, rules)
  } else if (asked.kind === 'form' && recorded.kind === 'form') {
    const fields = { what: 'form', key: 'form', ignored: rules.ignoreForm } as const
    yield* partDifferences(asked.fields, recorded.fields, fields, rules)
  } else if (asked.kind === 'multipart' && recorded.kind === 'multipart') {
    yield* multipartDifferences(asked, recorded, rules)
  } else if (asked.kind !== recorded.kind || bytesOf(asked, rules) !== bytesOf(recorded, rules)) {
    yield { field: 'body', recorded: bodyWords(recorded), asked: bodyWords(asked), cause: 'value' }
  }
}

type Multipart = Extract<RequestBody<JsonNode>, { readonly kind: 'multipart' }>

function* multipartDifferences(
  asked: Multipart,
  recorded: Multipart,
  rules: MatchRules,
): Generator<Difference> {
  const [now, then] = [partsByName(asked, rules), partsByName(recorded, rules)]
  let told = false
  for (const name of new Set([...then.keys(), ...now.keys()])) {
    const [asks, has] = [now.get(name), then.get(name)]
    if (asks?.compared === has?.compared) continue
    told = true
    yield name === ''
      ? { field: 'body', recorded: 'parts without names', asked: 'parts without names', cause: 'value' }
      : valueDifference(`part ${maskedName(name)}`, name, asks?.text, has?.text, {
          key: 'parts',
          entries: [name],
        })
  }
  const order = ({ parts, ordered }: Multipart): string =>
    ordered ? JSON.stringify(parts.map((part) => partText(part, rules))) : ''
  if (!told && order(asked) !== order(recorded)) {
    yield { field: 'body', recorded: 'parts', asked: 'the same parts in another order', cause: 'order' }
  }
}

function partsByName(
  { parts }: Multipart,
  rules: MatchRules,
): ReadonlyMap<string, { readonly compared: string; readonly text: string }> {
  const names = new Set(parts.map(({ name = '' }) => name).filter((name) => !rules.ignoreParts.has(name)))
  return new Map(
    [...names].map((name) => {
      const same = parts.filter((part) => (part.name ?? '') === name)
      const compared = JSON.stringify(same.map((part) => partText(part, rules)).toSorted())
      const [only] = same
      const short = same.length === 1 && only !== undefined && only.content.length <= MAX_SHOWN
      const bytes = same.reduce((sum, { content }) => sum + content.length, 0)
      return [name, { compared, text: short ? only.content : `${bytes} bytes` }]
    }),
  )
}

function bytesOf(body: RequestBody<JsonNode>, { kinds }: MatchRules): string {
  return body.kind === 'bytes' ? comparedValue(body.text, kinds) : ''
}

function bodyWords(body: RequestBody<JsonNode>): string | undefined {
  switch (body.kind) {
    case 'none':
      return undefined
    case 'json':
      return 'JSON'
    case 'form':
      return 'a form'
    case 'multipart':
      return `${body.parts.length} parts`
    case 'bytes': {
      // Bodies of one length would else look the same.
      const digest = createHash('sha256').update(body.text, 'latin1').digest('hex').slice(0, 8)
      return `${body.text.length} bytes (SHA-256 ${digest}…)`
    }
  }
}
