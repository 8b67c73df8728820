import { binaryText, bytesOfText } from '../core/binary-text.ts'
import { followBody } from '../core/body-fields.ts'
import type { ContentChunk, HttpResponse, WebSocketFrame } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import { spliceText } from '../core/json.ts'
import type { RRPair } from '../core/pair.ts'
import { isPlaceholder } from '../core/placeholder.ts'
import { redactedSignature } from '../core/redacted-signature.ts'
import { contentSplices, redactBody, type RedactedBody } from './body-secrets.ts'
import { redactFields } from './header-secrets.ts'
import { createNumbering } from './numbering.ts'
import { parameterSplices } from './parameters.ts'
import type { RedactRules } from './rules.ts'
import { apart, type Substitutes } from './substitutes.ts'
import { textSplices } from './text-secrets.ts'

/** Takes the secrets out of pairs, one after the other: the same secret has the same number in all of them. */
export type Redactor = (pair: RRPair) => RRPair

/**
 * A redactor for one recording; a pair without secrets is given back as it is.
 * @param token told of every compact token that is met, the rules being what they are
 */
export function createRedactor(rules: RedactRules, token?: (token: string) => void): Redactor {
  if (rules.idle && token === undefined) return (pair) => pair
  const numbering = createNumbering()
  return (pair) =>
    rewritePair(pair, rules, {
      value: (name, value) => (isPlaceholder(value) ? undefined : numbering.placeholder(name, value, pair)),
      signature: rules.definition.jwt ? redactedSignature : () => undefined,
      ...(token === undefined ? {} : { token }),
    })
}

/** Told where a search is: `request header Authorization`. */
export type WhereTold = (where: string) => void

/**
 * A pair with its secrets replaced; every byte outside of them stays as recorded, but for fields that speak of a body
 * that changed.
 */
export function rewritePair(
  pair: RRPair,
  rules: RedactRules,
  substitutes: Substitutes,
  told: WhereTold = () => {},
): RRPair {
  const request = rewriteRequest(pair.request, rules, substitutes, told)
  const response = pair.response && rewriteResponse(pair.response, rules, substitutes, told)
  if (request === pair.request && response === pair.response) return pair
  return {
    ...pair,
    request,
    response,
    // How much a secret was longer than its placeholder is nobody's business either.
    requestBytes: pair.requestBytes + request.body.length - pair.request.body.length,
    responseBytes: pair.responseBytes + (response?.body.length ?? 0) - (pair.response?.body.length ?? 0),
  }
}

/** A request with its secrets replaced; the same object when there is none. */
export function rewriteRequest(
  request: RRPair['request'],
  rules: RedactRules,
  substitutes: Substitutes,
  told: WhereTold = () => {},
): RRPair['request'] {
  told('request target')
  const target = rewriteTarget(request.target, rules, substitutes)
  const message = rewriteMessage('request', request, rules, substitutes, told)
  return target === request.target && message === request ? request : { ...message, target }
}

function rewriteTarget(target: string, rules: RedactRules, substitutes: Substitutes): string {
  const mark = target.indexOf('?')
  const named = mark === -1 ? [] : parameterSplices(target, 'query', rules, substitutes, mark + 1)
  const splices = apart([...named, ...textSplices(target, rules, substitutes)])
  return splices.length === 0 ? target : spliceText(target, splices)
}

function rewriteResponse(
  response: HttpResponse,
  rules: RedactRules,
  substitutes: Substitutes,
  told: WhereTold,
): HttpResponse {
  const message = rewriteMessage('response', response, rules, substitutes, told)
  const interim = response.interim?.map((early) => {
    const headers = redactFields(early.headers, rules, substitutes, (name) =>
      told(`interim response header ${name}`),
    )
    return headers === early.headers ? early : { ...early, headers }
  })
  told('WebSocket message')
  const frames = response.frames && rewriteFrames(response.frames, rules, substitutes)
  const changed = [
    interim?.some((early, index) => early !== response.interim?.[index]),
    frames !== response.frames,
  ]
  if (!changed.includes(true)) return message
  return { ...message, ...(interim ? { interim } : {}), ...(frames ? { frames } : {}) }
}

interface Message {
  readonly headers: RawHeaders
  readonly trailers: RawHeaders
  readonly body: Uint8Array
  readonly chunks?: readonly ContentChunk[]
}

function rewriteMessage<M extends Message>(
  side: 'request' | 'response',
  message: M,
  rules: RedactRules,
  substitutes: Substitutes,
  told: WhereTold,
): M {
  const headers = redactFields(message.headers, rules, substitutes, (name) => told(`${side} header ${name}`))
  told(`${side} body`)
  const body = redactBody(message.headers, message.body, rules, substitutes)
  const trailers = redactFields(message.trailers, rules, substitutes, (name) =>
    told(`${side} trailer ${name}`),
  )
  if (headers === message.headers && body === undefined && trailers === message.trailers) return message
  if (body === undefined) return { ...message, headers, trailers }
  return {
    ...message,
    headers: followBody(headers, body.bytes, message.body),
    trailers: followBody(trailers, body.bytes, message.body),
    body: body.bytes,
    ...(message.chunks === undefined ? {} : { chunks: movedChunks(message.chunks, body) }),
  }
}

/** Each piece ends where its last byte went; a piece of which nothing is left goes with the next one. */
function movedChunks(
  chunks: readonly ContentChunk[],
  { bytes, moved }: RedactedBody,
): readonly ContentChunk[] {
  const kept: ContentChunk[] = []
  for (const [index, chunk] of chunks.entries()) {
    const endBytes =
      index === chunks.length - 1 ? bytes.length : Math.min(moved(chunk.endBytes), bytes.length)
    if (endBytes > (kept.at(-1)?.endBytes ?? 0)) kept.push({ ...chunk, endBytes })
  }
  return kept
}

/** Opcodes of RFC 6455 §5.2 that hold what is said. */
const CONTINUATION = 0
const CONTROL = 8

/** Each message is searched whole, whatever frames it came in; the last frame takes what its text is longer or shorter. */
function rewriteFrames(
  frames: readonly WebSocketFrame[],
  rules: RedactRules,
  substitutes: Substitutes,
): readonly WebSocketFrame[] {
  let changed: WebSocketFrame[] | undefined
  const open: Record<WebSocketFrame['from'], number[]> = { client: [], server: [] }
  for (const [index, { from, fin, opcode }] of frames.entries()) {
    if (opcode >= CONTROL) continue
    if (opcode !== CONTINUATION) open[from] = []
    open[from].push(index)
    if (!fin && index !== frames.length - 1) continue
    const parts = open[from].map((at) => binaryText(frames[at]?.payload ?? new Uint8Array()))
    const text = parts.join('')
    const splices = apart(contentSplices(text, '', rules, substitutes))
    if (splices.length > 0) {
      changed ??= [...frames]
      spreadOver(changed, open[from], parts, spliceText(text, splices))
    }
    open[from] = []
  }
  return changed ?? frames
}

function spreadOver(
  frames: WebSocketFrame[],
  indexes: readonly number[],
  parts: readonly string[],
  text: string,
): void {
  let from = 0
  for (const [nth, index] of indexes.entries()) {
    const to = nth === indexes.length - 1 ? text.length : from + (parts[nth]?.length ?? 0)
    const frame = frames[index]
    if (frame !== undefined)
      frames[index] = { ...frame, payload: new Uint8Array(bytesOfText(text.slice(from, to))) }
    from = Math.min(to, text.length)
  }
}
