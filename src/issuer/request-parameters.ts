import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import { refusal, type Refusal } from './refusal.ts'

/** Parameters of a form or a query. A parameter without a value counts as left out (RFC 6749 §3.1). */
export interface RequestParameters {
  /** The value, the first one where it may be repeated. */
  get(name: string): string | undefined
  /** Every value of a parameter that may be repeated. */
  all(name: string): readonly string[]
  /** Every parameter, as given. */
  readonly entries: readonly (readonly [name: string, value: string])[]
}

/** The most content an endpoint reads, after content codings are undone. */
export const MAX_BODY_BYTES = 1024 * 1024

const MAX_PARAMETERS = 200

/** Those that may be given more than once (RFC 8707 §2, RFC 8693 §2.1). */
const REPEATABLE: ReadonlySet<string> = new Set(['resource', 'audience'])

/** The parameters of a form body (RFC 6749 appendix B). */
export function readForm(request: HttpRequest): RequestParameters | Refusal {
  const body = readBody(request)
  if (!(body instanceof Uint8Array)) return body
  if (body.length > 0 && !isForm(request)) {
    return refusal('invalid_request', 'The content must be of the type application/x-www-form-urlencoded.')
  }
  return parametersOf(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
}

/** The content of a request without its content codings. */
export function readBody(request: HttpRequest): Uint8Array | Refusal {
  if (request.body.length > MAX_BODY_BYTES) return TOO_LARGE
  const decoded = decodeBody(request.headers, request.body, { maxBytes: MAX_BODY_BYTES })
  return (
    decoded?.bytes ??
    refusal('invalid_request', 'The content is not in its content coding, or too large without it.')
  )
}

const TOO_LARGE = refusal('invalid_request', 'The content is larger than 1 MiB.')

/**
 * The parameters of a query or form text. Repeated ones are refused (RFC 6749 §3.1, §3.2).
 * @param options.keepEmpty whether a parameter without a value counts after all; default no
 */
export function parametersOf(
  text: string,
  { keepEmpty = false }: { readonly keepEmpty?: boolean } = {},
): RequestParameters | Refusal {
  const values = new Map<string, string>()
  const entries: (readonly [string, string])[] = []
  for (const [name, value] of new URLSearchParams(text)) {
    if (value === '' && !keepEmpty) continue
    if (values.has(name)) {
      if (!REPEATABLE.has(name)) return refusal('invalid_request', 'A parameter is given more than once.')
    } else {
      values.set(name, value)
    }
    entries.push([name, value])
    if (entries.length > MAX_PARAMETERS) return refusal('invalid_request', 'There are too many parameters.')
  }
  return parameters(values, entries)
}

function parameters(
  values: ReadonlyMap<string, string>,
  entries: RequestParameters['entries'],
): RequestParameters {
  return {
    get: (name) => values.get(name),
    all: (name) => entries.filter((entry) => entry[0] === name).map((entry) => entry[1]),
    entries,
  }
}

function isForm(request: HttpRequest): boolean {
  const type = headerValue(request.headers, 'content-type') ?? ''
  return /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)
}
