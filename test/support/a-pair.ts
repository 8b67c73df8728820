import type { HttpRequest, HttpResponse, InterimResponse, WebSocketFrame } from '../../src/core/exchange.ts'
import type { RecordedGap, RRPair } from '../../src/core/pair.ts'

/** A body as tests write it: text stands for its UTF-8 bytes. */
export type BodyInput = string | Uint8Array

export type RequestFields = Partial<Omit<HttpRequest, 'body'>> & { readonly body?: BodyInput }
export type ResponseFields = Partial<Omit<HttpResponse, 'body'>> & { readonly body?: BodyInput }

export type PairFields = Partial<Omit<RRPair, 'request' | 'response'>> & {
  readonly request?: RequestFields
  /** `null` for an exchange that got no response. */
  readonly response?: ResponseFields | null
}

/** When a pair of {@link aPair} was recorded unless told: 2026-11-20T12:00:00.000Z. */
export const RECORDED_AT = Date.UTC(2026, 10, 20, 12)

/**
 * A whole recorded pair: `GET /` answered `200` with `{"ok":true}`, and whatever the test says of it. Equal arguments
 * give equal pairs with bodies of their own, so that a pair handed to a writer (which takes its bodies away) can be
 * built again to compare. Byte counts follow the bodies unless given.
 */
export function aPair(init: PairFields = {}): RRPair {
  const { request: requestInit, response: responseInit, ...facts } = init
  const request = aRequest(requestInit)
  const response = responseInit === null ? undefined : aResponse(responseInit)
  return {
    id: 1,
    at: RECORDED_AT,
    firstByteMs: response === undefined ? undefined : 12,
    tookMs: 15,
    route: { listen: '127.0.0.1:8080', target: 'http://staging.example.com' },
    outcome: response === undefined ? 'upstream error' : 'complete',
    error: response === undefined ? 'connect ECONNREFUSED' : undefined,
    requestBytes: request.body.length,
    responseBytes: response?.body.length ?? 0,
    requestTruncated: false,
    responseTruncated: false,
    ...facts,
    request,
    response,
  }
}

/** `GET http://staging.example.com/`, and whatever the test says of it. */
export function aRequest(init: RequestFields = {}): HttpRequest {
  return {
    scheme: 'http',
    authority: 'staging.example.com',
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    headers: [
      ['Host', 'staging.example.com'],
      ['Accept', '*/*'],
    ],
    trailers: [],
    ...init,
    body: bodyBytes(init.body ?? ''),
  }
}

/** `200 OK` with `{"ok":true}`, and whatever the test says of it; `Content-Length` follows the body unless headers are given. */
export function aResponse(init: ResponseFields = {}): HttpResponse {
  const body = bodyBytes(init.body ?? '{"ok":true}')
  return {
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
    ],
    trailers: [],
    ...init,
    body,
  }
}

/** `103 Early Hints` with a `Link`, and whatever the test says of it. */
export function anInterim(atMs: number, init: Partial<InterimResponse> = {}): InterimResponse {
  return {
    status: 103,
    reason: 'Early Hints',
    headers: [['Link', '</style.css>; rel=preload']],
    ...init,
    atMs,
  }
}

/** A whole text frame from the server, and whatever the test says of it. */
export function aFrame(
  atMs: number,
  init: Partial<Omit<WebSocketFrame, 'payload'>> & { readonly payload?: BodyInput } = {},
): WebSocketFrame {
  return { from: 'server', fin: true, opcode: 1, ...init, payload: bodyBytes(init.payload ?? 'hello'), atMs }
}

/** Three exchanges lost in a second. */
export function aGap(init: Partial<RecordedGap> = {}): RecordedGap {
  return {
    from: RECORDED_AT,
    to: RECORDED_AT + 1000,
    exchanges: 3,
    reason: 'database or disk is full',
    ...init,
  }
}

function bodyBytes(body: BodyInput): Uint8Array {
  // A copy in an ArrayBuffer of its own: a writer may take it away, and the caller's stays whole.
  return new Uint8Array(typeof body === 'string' ? Buffer.from(body, 'utf8') : body)
}
