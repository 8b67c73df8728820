import assert from 'node:assert/strict'
import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'
import type { HttpResponse } from '../../../src/core/exchange.ts'
import { headerValue } from '../../../src/core/headers.ts'
import { createIssuer, type Issuer, type IssuerHooks } from '../../../src/issuer/issuer.ts'
import { DEFAULT_ISSUER_SETTINGS, type IssuerSettings } from '../../../src/issuer/settings.ts'
import type { AlgName } from '../../../src/keys/algorithms.ts'
import { createKeyRing, type KeyRing } from '../../../src/keys/ring/key-ring.ts'
import { aRequest } from '../../support/a-pair.ts'

/** When every issuer of these tests begins: 2026-11-20T12:00:00.900Z, so that rounding shows. */
export const BEGIN_MS = Date.UTC(2026, 10, 20, 12) + 900
export const BEGIN = Math.floor(BEGIN_MS / 1000)
export const ISSUER = 'http://127.0.0.1:8090'

export type Json = Record<string, unknown>

/** An answer as a client reads it. */
export interface Answer {
  readonly status: number
  readonly headers: HttpResponse['headers']
  readonly text: string
  /** The body as JSON; fails the test when it is none. */
  readonly json: Json
  header(name: string): string | undefined
}

export interface TestIssuer {
  readonly issuer: Issuer
  readonly ring: KeyRing
  /** Moves the clock. */
  readonly pass: (seconds: number) => void
  readonly get: (target: string, headers?: Headers) => Promise<Answer>
  /** Posts a form, or the text or bytes given. */
  readonly post: (target: string, body: Body, headers?: Headers) => Promise<Answer>
  readonly send: (method: string, target: string, body?: Body, headers?: Headers) => Promise<Answer>
  /** The claims of a token that jsonwebtoken finds right by the published key. */
  readonly verified: (token: unknown, options?: jsonwebtoken.VerifyOptions) => Json
}

type Headers = readonly (readonly [string, string])[]
type Body = string | Uint8Array | Record<string, string>

export interface TestIssuerOptions {
  readonly alg?: AlgName
  readonly ring?: KeyRing
  readonly hooks?: IssuerHooks
}

/** An issuer with a clock that stands still, asked without a socket. */
export async function anIssuer(
  settings: Partial<IssuerSettings> = {},
  { alg = 'ES256', hooks, ring: given }: TestIssuerOptions = {},
): Promise<TestIssuer> {
  let now = BEGIN_MS
  const ring =
    given ?? (await createKeyRing({ algs: [alg], now: BEGIN, transitionSeconds: 60, leadSeconds: 0 }))
  const whole = { ...DEFAULT_ISSUER_SETTINGS, issuer: ISSUER, ...settings }
  const issuer = createIssuer(whole, ring, () => now, hooks)
  const send: TestIssuer['send'] = async (method, target, body = '', headers = []) => {
    const isForm = typeof body === 'object' && !(body instanceof Uint8Array)
    const request = aRequest({
      method,
      target,
      authority: '127.0.0.1:8090',
      headers: [...(isForm ? [FORM] : []), ...headers],
      body: isForm ? new URLSearchParams(body).toString() : body,
    })
    return readable(await issuer.handler(request))
  }
  return {
    issuer,
    ring,
    pass: (seconds) => {
      now += seconds * 1000
    },
    send,
    get: (target, headers) => send('GET', target, '', headers),
    post: (target, body, headers) => send('POST', target, body, headers),
    verified: (token, options) => verifiedBy(ring, now, token, options),
  }
}

/** `Authorization: Basic`, each part form-urlencoded (RFC 6749 §2.3.1). */
export function basic(id: string, secret: string): readonly [string, string] {
  const encoded = [id, secret].map((part) => new URLSearchParams([['', part]]).toString().slice(1))
  return ['Authorization', `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`]
}

export function bearer(token: unknown): readonly [string, string] {
  return ['Authorization', `Bearer ${String(token)}`]
}

/** The header of a token, unverified. */
export function headOf(token: unknown): Json {
  return parsed(String(token).split('.')[0])
}

/** The claims of a token, unverified. */
export function claimsIn(token: unknown): Json {
  return parsed(String(token).split('.')[1])
}

/** Parameters in the Location of a redirect, by query or fragment. */
export function redirected(answer: Answer): { readonly to: string; readonly parameters: URLSearchParams } {
  const location = answer.header('location') ?? assert.fail(`no Location in ${answer.status} ${answer.text}`)
  const mark = location.search(/[?#]/)
  return { to: location.slice(0, mark), parameters: new URLSearchParams(location.slice(mark + 1)) }
}

/** A code verifier and its S256 challenge, made by Node and not by the code under test. */
export function aVerifier(): string {
  return randomBytes(32).toString('base64url')
}

/** Asserts an error answer of OAuth: status, code, and a description in the characters of RFC 6749 §5.2. */
export function assertRefused(answer: Answer, status: number, error: string): void {
  assert.deepEqual([answer.status, answer.json['error']], [status, error], answer.text)
  assert.match(String(answer.json['error_description']), /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  assert.equal(answer.header('cache-control'), 'no-store')
  assert.equal(answer.header('content-type'), 'application/json')
}

/** Asserts the plain error answer of POST /auth. */
export function refusedSentence(answer: Answer, sentence: string): void {
  assert.deepEqual([answer.status, answer.text], [400, JSON.stringify({ error: sentence })])
}

/** The public key of a kid, as a client reads it from the JWKS. */
export function publishedKey(ring: KeyRing, now: number, kid: unknown): KeyObject {
  const { keys } = JSON.parse(ring.jwksText(Math.floor(now / 1000))) as { keys: Json[] }
  const jwk = keys.find((key) => key['kid'] === kid) ?? assert.fail(`the JWKS has no ${String(kid)}`)
  return createPublicKey({ key: jwk, format: 'jwk' })
}

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const

function verifiedBy(
  ring: KeyRing,
  now: number,
  token: unknown,
  options: jsonwebtoken.VerifyOptions = {},
): Json {
  assert.equal(typeof token, 'string')
  const key = publishedKey(ring, now, headOf(token)['kid'])
  const claims = jsonwebtoken.verify(String(token), key, {
    clockTimestamp: Math.floor(now / 1000),
    ...options,
    complete: false,
  })
  return claims as Json
}

function readable(response: HttpResponse): Answer {
  const text = Buffer.from(response.body).toString('utf8')
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text) as Json
    },
    header: (name) => headerValue(response.headers, name),
  }
}

function parsed(part: string | undefined): Json {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')) as Json
}
