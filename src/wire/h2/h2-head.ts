import type { RequestHead, ResponseHead, Scheme } from '../../core/exchange.ts'
import {
  headerValue,
  hopByHopNames,
  rawHeadersFromFlat,
  withoutHeaders,
  type RawHeaders,
} from '../../core/headers.ts'

/** The head of a request over HTTP/2, its pseudo-header fields read and taken out (RFC 9113 §8.3.1). */
export function readH2Request(raw: readonly string[]): RequestHead {
  const { pseudo, headers } = apart(raw)
  const scheme: Scheme = pseudo.get(':scheme') === 'http' ? 'http' : 'https'
  return {
    scheme,
    authority: pseudo.get(':authority') ?? headerValue(headers, 'host') ?? '',
    method: pseudo.get(':method') ?? 'GET',
    target: pseudo.get(':path') ?? '/',
    httpVersion: '2',
    headers,
  }
}

/** The head of a response over HTTP/2, which has no reason phrase (RFC 9113 §8.3.2). */
export function readH2Response(raw: readonly string[]): ResponseHead {
  const { pseudo, headers } = apart(raw)
  return { status: Number(pseudo.get(':status')), reason: '', httpVersion: '2', headers }
}

function apart(raw: readonly string[]): {
  readonly pseudo: ReadonlyMap<string, string>
  readonly headers: RawHeaders
} {
  const pseudo = new Map<string, string>()
  const headers = rawHeadersFromFlat(raw).filter(([name, value]) => {
    if (!name.startsWith(':')) return true
    pseudo.set(name, value)
    return false
  })
  return { pseudo, headers }
}

/**
 * The same request for an upstream of HTTP/1.1 (RFC 9113 §8): a `Host`, the pieces of `cookie` in one field (§8.2.3),
 * and content without a length in chunks.
 */
export function asHttp1(head: RequestHead, hasBody: boolean): RequestHead {
  const cookies = head.headers.filter(([name]) => name === 'cookie')
  const whole = cookies.map(([, value]) => value).join('; ')
  const [first] = cookies
  const headers = head.headers.flatMap((field): RawHeaders => {
    if (field[0] !== 'cookie') return [field]
    return field === first ? [['cookie', whole]] : []
  })
  const chunked = hasBody && headerValue(headers, 'content-length') === undefined
  const host: RawHeaders = headerValue(headers, 'host') === undefined ? [['host', head.authority]] : []
  const framing: RawHeaders = chunked ? [['transfer-encoding', 'chunked']] : []
  return { ...head, httpVersion: '1.1', headers: [...host, ...headers, ...framing] }
}

/** Connection-specific fields have no place in HTTP/2 (RFC 9113 §8.2.2), and make Node refuse the head. */
export function withoutConnectionFields(headers: RawHeaders): RawHeaders {
  return withoutHeaders(headers, hopByHopNames([...headers, ['connection', 'http2-settings']]))
}

/** A response head in the flat form that `respond` writes in order, repeats kept; names are lower case in HTTP/2. */
export function h2ResponseFields({ status, headers }: Pick<ResponseHead, 'status' | 'headers'>): string[] {
  const fields = [':status', String(status)]
  for (const [name, value] of withoutConnectionFields(headers)) fields.push(name.toLowerCase(), value)
  return fields
}

/** Fields as an object, for what Node takes in no other form: 1xx responses and trailers. Repeats stay, side by side. */
export function fieldObject(headers: RawHeaders): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  for (const [name, value] of withoutConnectionFields(headers))
    (fields[name.toLowerCase()] ??= []).push(value)
  return fields
}
