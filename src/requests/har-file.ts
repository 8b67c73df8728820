import { errorMessage } from '../core/errors.ts'
import type { RawHeaders } from '../core/headers.ts'
import { invalid, requestTo, urlOf, type FiledRequest } from './filed-request.ts'

/**
 * The requests of a HAR 1.2 document, in order. Fields of HTTP/2 (`:path`) are left out, and content that is only
 * there as `params` is put together as a form.
 * @throws ResealError REQUESTS_INVALID
 */
export function harRequests(bytes: Uint8Array, name: string): readonly FiledRequest[] {
  const entries = memberOf(memberOf(parsed(bytes, name), 'log'), 'entries')
  if (!Array.isArray(entries)) {
    throw invalid(
      name,
      'is JSON without log.entries',
      'Export it as HAR from the network tools of a browser.',
    )
  }
  return entries.map((entry: unknown, index) => harRequest(entry, `${name} (entry ${index + 1})`))
}

function harRequest(entry: unknown, where: string): FiledRequest {
  const request = memberOf(entry, 'request')
  const [method, url] = [memberOf(request, 'method'), memberOf(request, 'url')]
  if (typeof method !== 'string' || typeof url !== 'string') throw invalid(where, 'has no method and URL')
  const postData = memberOf(request, 'postData')
  const headers = namedValues(memberOf(request, 'headers')).filter(([header]) => !header.startsWith(':'))
  const type = memberOf(postData, 'mimeType')
  const hasType = headers.some(([header]) => header.toLowerCase() === 'content-type')
  return requestTo({
    method,
    url: urlOf(url, where),
    headers:
      typeof type === 'string' && type !== '' && !hasType ? [...headers, ['Content-Type', type]] : headers,
    body: contentOf(postData),
  })
}

function contentOf(postData: unknown): Uint8Array {
  const text = memberOf(postData, 'text')
  if (typeof text === 'string' && text !== '') {
    return Buffer.from(text, memberOf(postData, 'encoding') === 'base64' ? 'base64' : 'utf8')
  }
  const params = namedValues(memberOf(postData, 'params'))
  return Buffer.from(
    new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString(),
  )
}

function namedValues(list: unknown): RawHeaders {
  return (Array.isArray(list) ? list : []).flatMap((item: unknown) => {
    const [name, value] = [memberOf(item, 'name'), memberOf(item, 'value')]
    return typeof name === 'string' && typeof value === 'string' ? [[name, value] as const] : []
  })
}

function parsed(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    )
  } catch (error) {
    throw invalid(name, `is neither HAR nor a request: ${errorMessage(error)}`)
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
