import assert from 'node:assert/strict'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { suite, test, type TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import jsonwebtoken from 'jsonwebtoken'
import type { RawHeaders } from '../../src/core/headers.ts'
import { aPair } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

/** A request, as it was recorded or as it is asked. */
export interface Said {
  readonly method?: string
  readonly target?: string
  readonly headers?: RawHeaders
  readonly body?: string | Uint8Array
}

/** What was recorded, and what a replay of it answers. */
export interface Case {
  readonly match: string
  /** Requests and what each was answered with. */
  readonly recorded: readonly (readonly [Said, string])[]
  /** Requests, what each gets (a status where it is no recorded answer), and the connection it goes by. */
  readonly asked: readonly (readonly [Said, string | number, connection?: string])[]
}

/** A request without content. */
export const get = (target: string, ...headers: RawHeaders): Said => ({ target, headers })
/** A request with content. */
export const post = (target: string, body: string | Uint8Array, ...headers: RawHeaders): Said => ({
  method: 'POST',
  target,
  headers,
  body,
})
/** A request with JSON. */
export const json = (target: string, body: string | Uint8Array, ...headers: RawHeaders): Said =>
  post(target, body, ['Content-Type', 'application/json'], ...headers)
/** A request with a form. */
export const form = (target: string, body: string): Said =>
  post(target, body, ['Content-Type', 'application/x-www-form-urlencoded'])
/** A request with a multipart form of these fields. */
export const parts = (target: string, boundary: string, fields: Readonly<Record<string, string>>): Said => {
  const each = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const type = `multipart/form-data; boundary=${boundary}`
  return post(target, `${each.join('')}--${boundary}--\r\n`, ['Content-Type', type])
}
/** A token of these claims, signed with a key of its own. */
export const token = (claims: object, key = 's'.repeat(32)): string =>
  jsonwebtoken.sign({ iss: 'https://idp', ...claims }, key)
/** A header field with such a token. */
export const bearer = (claims: object): readonly [string, string] => [
  'Authorization',
  `Bearer ${token(claims)}`,
]

/** Each case is a test: a replay of what was recorded is asked over sockets. */
export function testCases(title: string, cases: Readonly<Record<string, Case>>): void {
  suite(title, () => {
    for (const [name, one] of Object.entries(cases)) test(name, (t) => testCase(t, one))
  })
}

async function testCase(t: TestContext, { match, recorded, asked }: Case): Promise<void> {
  const pairs = recorded.map(([said, body], at) =>
    aPair({
      id: at + 1,
      request: { ...said, headers: [['Host', 'staging.example.com'], ...(said.headers ?? [])] },
      response: { body, headers: [['Content-Length', String(body.length)]] },
    }),
  )
  const directory = await aSnapshot(t, pairs)
  const { urls } = await aReplay(t, directory, match === '' ? '' : `match:\n  ${match}\n`)
  const ask = aClient(t, urls[0] ?? '')
  for (const [at, [said, wanted, connection = 'the only one']] of asked.entries()) {
    const { status, body } = await ask(said, connection)
    const got = status === 200 ? body : status
    assert.equal(got, wanted, `request ${at + 1}, ${said.method ?? 'GET'} ${said.target ?? ''}: ${body}`)
  }
}

/** Sends requests by connections with names, each kept open. */
function aClient(t: TestContext, url: string) {
  const agents = new Map<string, Agent>()
  t.after(() => agents.forEach((agent) => agent.destroy()))
  return async ({ method = 'GET', target = '/', headers = [], body = '' }: Said, connection: string) => {
    const agent = agents.get(connection) ?? new Agent({ keepAlive: true, maxSockets: 1 })
    agents.set(connection, agent)
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const length = Buffer.byteLength(body)
    const fields: RawHeaders = [
      ['Host', new URL(url).host],
      ...headers,
      ...(method === 'GET' ? [] : [['Content-Length', String(length)] as const]),
    ]
    const { hostname, port } = new URL(url)
    httpRequest({ agent, hostname, port, method, path: target, headers: fields.flat() }, resolve)
      .on('error', reject)
      .end(body)
    const response = await promise
    return { status: response.statusCode ?? 0, body: await text(response) }
  }
}
