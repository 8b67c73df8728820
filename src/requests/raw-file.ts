import { binaryText, bytesOfText } from '../core/binary-text.ts'
import { headerValue } from '../core/headers.ts'
import { invalid, type FiledRequest } from './filed-request.ts'

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+)(?: HTTP\/(\d(?:\.\d)?))?$/

/**
 * One request as HTTP/1.1 writes it (RFC 9112 §2.1); lines may end with a line feed alone, and the version may be
 * left out. What follows the empty line is the content, framing undone where it is chunked.
 * @throws ResealError REQUESTS_INVALID
 */
export function rawRequests(bytes: Uint8Array, name: string): readonly FiledRequest[] {
  const text = binaryText(bytes).replace(/^(?:\r?\n)+/, '')
  const empty = /\r?\n\r?\n/.exec(text)
  const [first = '', ...lines] = text
    .slice(0, empty?.index ?? text.length)
    .trimEnd()
    .split(/\r?\n/)
  const [, method, target, httpVersion = '1.1'] = REQUEST_LINE.exec(first) ?? []
  if (method === undefined || target === undefined) {
    throw invalid(
      `${name}:1`,
      'does not begin with a request line',
      'Begin with the method and the target, as in: GET /users/1 HTTP/1.1',
    )
  }
  const headers = lines.map((line, index) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw invalid(`${name}:${index + 2}`, 'is no header field', 'Write it as Name: value.')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const rest = empty === null ? '' : text.slice(empty.index + empty[0].length)
  const chunked = /chunked\s*$/i.test(headerValue(headers, 'transfer-encoding') ?? '')
  const length = Number(headerValue(headers, 'content-length') ?? NaN)
  const content = chunked
    ? unchunked(rest, name)
    : Number.isNaN(length)
      ? rest.replace(/\r?\n$/, '')
      : rest.slice(0, length)
  const absolute = /^(https?):\/\/([^/?#]*)/i.exec(target)
  const request = {
    scheme: absolute?.[1]?.toLowerCase() === 'https' ? ('https' as const) : ('http' as const),
    authority: absolute?.[2] ?? headerValue(headers, 'host') ?? '',
    method,
    target,
    httpVersion,
    headers,
    body: bytesOfText(content),
    trailers: [],
  }
  return [{ request, origin: absolute === null ? undefined : new URL(absolute[0]).origin }]
}

/** RFC 9112 §7.1. */
function unchunked(text: string, name: string): string {
  let content = ''
  let at = 0
  for (;;) {
    const size = /^([0-9a-f]{1,8})[^\r\n]*\r?\n/i.exec(text.slice(at, at + 200))
    if (size === null) throw invalid(name, 'says it is chunked and is not')
    at += size[0].length
    const bytes = Number.parseInt(size[1] ?? '0', 16)
    if (bytes === 0) return content
    content += text.slice(at, at + bytes)
    at += bytes + (text[at + bytes] === '\r' ? 2 : 1)
  }
}
