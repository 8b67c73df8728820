import { ResealError } from '../core/errors.ts'
import type { HttpRequest, Scheme } from '../core/exchange.ts'
import { headerValue, type RawHeaders } from '../core/headers.ts'

/** A request out of a file. */
export interface FiledRequest {
  readonly request: HttpRequest
  /** The origin it was for, where the file says so. */
  readonly origin: string | undefined
}

/** What a file says of a request. */
export interface RequestFields {
  readonly method: string
  readonly url: URL
  readonly headers: RawHeaders
  readonly body: Uint8Array
}

/** A request to a URL, as a client would send it: with `Host` and, for content, `Content-Length`. */
export function requestTo({ method, url, headers, body }: RequestFields): FiledRequest {
  const has = (name: string): boolean => headerValue(headers, name) !== undefined
  const scheme: Scheme = url.protocol === 'https:' ? 'https' : 'http'
  return {
    origin: url.origin,
    request: {
      scheme,
      authority: headerValue(headers, 'host') ?? url.host,
      method,
      target: `${url.pathname}${url.search}`,
      httpVersion: '1.1',
      headers: [
        ...(has('host') ? [] : [['Host', url.host] as const]),
        ...headers,
        ...(body.length === 0 || has('content-length') || has('transfer-encoding')
          ? []
          : [['Content-Length', String(body.length)] as const]),
      ],
      body,
      trailers: [],
    },
  }
}

/** @throws ResealError REQUESTS_INVALID when the text is no http or https URL */
export function urlOf(text: string, where: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.host !== '') return url
  throw invalid(where, 'has a URL that is not http or https')
}

/** @param where the file and the place in it */
export function invalid(where: string, what: string, hint?: string): ResealError {
  return new ResealError('REQUESTS_INVALID', `${where} ${what}`, hint === undefined ? {} : { hint })
}
