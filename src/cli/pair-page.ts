import { binaryText, utf8OfText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpResponse, WebSocketFrame } from '../core/exchange.ts'
import { headerValue, type RawHeaders } from '../core/headers.ts'
import { scanJson } from '../core/json.ts'
import { findJwts, type Jwt } from '../core/jwt.ts'
import { maskedTarget } from '../core/masking.ts'
import type { RRPair } from '../core/pair.ts'
import { printable, printableText } from '../core/printable.ts'
import type { Tags } from '../core/tags.ts'
import { formatDuration, formatMoment, type EpochMs } from '../core/time.ts'
import { decodedJwt } from './decoded-jwt.ts'
import type { Output } from './output.ts'
import { frameLines, interimLines, piecesLine } from './passage-lines.ts'
import { prettyJson } from './pretty-json.ts'
import { count } from './transform-report.ts'

/** A pair in one line: number, method, target, status, time taken. */
export function pairLine(pair: RRPair): string {
  const { request, response } = pair
  const answer =
    response === undefined ? pair.outcome : printable(`${response.status} ${response.reason}`.trimEnd())
  const note = pair.outcome === 'complete' || response === undefined ? '' : ` (${pair.outcome})`
  const cut = pair.requestTruncated || pair.responseTruncated ? ' (stored truncated, not served)' : ''
  const frames = response?.frames === undefined ? '' : `  ${count(response.frames.length, 'frame')}`
  return `${String(pair.id).padStart(4)}  ${request.method} ${maskedTarget(request.target)}  →  ${answer}${note}${cut}${frames}  ${formatDuration(pair.tookMs)}`
}

function tagLines(tags: Tags = {}): readonly string[] {
  const all = Object.entries(tags).map(([name, value]) => `${name}=${printable(value)}`)
  return all.length === 0 ? [] : [`tags ${all.join(', ')}`]
}

/** A pair as a person wants to read it: both messages, JSON indented, JWTs decoded with times in words. */
export function pairPage(pair: RRPair, nowMs: EpochMs, style: Output['style']): string {
  const { request, response } = pair
  const facts = [
    `recorded ${formatMoment(pair.at)}, took ${formatDuration(pair.tookMs)}`,
    `${pair.route.listen} → ${pair.route.target}`,
    ...tagLines(pair.route.tags),
    ...(pair.outcome === 'complete'
      ? []
      : [`${pair.outcome}${pair.error === undefined ? '' : `: ${pair.error}`}`]),
    ...(pair.requestTruncated || pair.responseTruncated
      ? [
          `stored truncated by --max-body: ${pair.request.body.length} of ${pair.requestBytes} bytes of the request, ${response?.body.length ?? 0} of ${pair.responseBytes} of the response; not served`,
        ]
      : []),
    ...(response === undefined ? [] : piecesLine(response)),
  ]
  return [
    style('bold', `Pair ${pair.id}`),
    ...facts.map((fact) => style('dim', fact)),
    '',
    style('bold', printable(`${request.method} ${request.target} HTTP/${request.httpVersion}`)),
    ...messageLines(request, nowMs, style),
    '',
    ...(response === undefined
      ? [style('red', 'no response')]
      : [
          ...interimLines(response.interim, style),
          style('bold', printable(`HTTP/${response.httpVersion} ${response.status} ${response.reason}`)),
          ...messageLines(response, nowMs, style),
          ...frameLines(response.frames, style),
        ]),
    '',
  ].join('\n')
}

interface Message {
  readonly headers: RawHeaders
  readonly body: Uint8Array
  readonly trailers: RawHeaders
}

function messageLines(
  { headers, body, trailers }: Message,
  nowMs: EpochMs,
  style: Output['style'],
): readonly string[] {
  const fields = headers.map(([name, value]) => `${style('cyan', name)}: ${printable(value)}`)
  const plain = decodeBody(headers, body)
  const text = plain === undefined ? undefined : binaryText(plain.bytes)
  const shown = [...fields.map((_, index) => headers[index]?.[1] ?? ''), text ?? '']
  const tokens = shown.flatMap((part) => findJwts(part).map(({ jwt }) => jwt))
  return [
    ...fields,
    ...(body.length === 0 ? [] : ['', bodyText(headers, text, body.length)]),
    ...trailers.map(([name, value]) => `${style('cyan', name)}: ${printable(value)} (trailer)`),
    ...tokens.flatMap((jwt) => ['', ...jwtLines(jwt, nowMs, style)]),
  ]
}

/** Longest body that is printed. */
const MAX_SHOWN = 256 * 1024

function bodyText(headers: RawHeaders, text: string | undefined, bytes: number): string {
  const type = headerValue(headers, 'content-type') ?? 'no content type'
  if (text === undefined || text.length > MAX_SHOWN || looksBinary(text)) {
    return `(${bytes} bytes, ${type}; --raw prints them)`
  }
  const json = scanJson(text)
  return printableText(utf8OfText(json === undefined ? text : prettyJson(text, json)))
}

// eslint-disable-next-line no-control-regex -- control characters are what makes a text unprintable
const CONTROL = /[\x00-\x08\x0e-\x1f\x7f]/

function looksBinary(text: string): boolean {
  return CONTROL.test(text) || utf8OfText(text).includes('\ufffd')
}

function jwtLines(jwt: Jwt, nowMs: EpochMs, style: Output['style']): readonly string[] {
  return decodedJwt(jwt).map((line, index) => {
    if (index === 0) return style('bold', `  ${line}`)
    return `    ${line}${timeNote(line, nowMs)}`
  })
}

const TIME_CLAIM = /^(?:iat|nbf|exp|auth_time): (\d{1,16})(?:\.\d+)?$/

function timeNote(line: string, nowMs: EpochMs): string {
  const found = TIME_CLAIM.exec(line)
  if (found === null) return ''
  const value = Number(found[1])
  const ms = value > 1e11 ? value : value * 1000
  const distance = ms - nowMs
  const relation = distance > 0 ? `in ${formatDuration(distance)}` : `${formatDuration(-distance)} ago`
  return `  (${formatMoment(ms)}, ${relation})`
}

/** A pair for programs: bodies as text where they are UTF-8, else as base64. */
export function pairJson(pair: RRPair): unknown {
  return {
    ...pair,
    at: formatMoment(pair.at),
    request: { ...pair.request, ...bodyJson(pair.request.body) },
    response: pair.response && responseJson(pair.response),
  }
}

function responseJson({ frames, ...response }: HttpResponse): unknown {
  return {
    ...response,
    ...bodyJson(response.body),
    ...(frames === undefined ? {} : { frames: frames.map(frameJson) }),
  }
}

function frameJson({ payload, ...frame }: WebSocketFrame): unknown {
  const { body, bodyEncoding } = bodyJson(payload)
  return { ...frame, payload: body, payloadEncoding: bodyEncoding }
}

function bodyJson(body: Uint8Array): { readonly body: string; readonly bodyEncoding: 'utf8' | 'base64' } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes)
    ? { body: text, bodyEncoding: 'utf8' }
    : { body: bytes.toString('base64'), bodyEncoding: 'base64' }
}
