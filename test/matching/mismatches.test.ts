import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import type { RRPair } from '../../src/core/pair.ts'
import { aPair, type RequestFields } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

// Realistic mismatches, each asked over a socket of a replay. What the report says of its first candidate must be
// right, and with the YAML that it offers pasted the same request must be answered.

const API = { route: { listen: '127.0.0.1:1', target: 'http://api.test' } }
const LOGIN = { route: { listen: '127.0.0.1:2', target: 'http://login.test' } }
const JSON_TYPE = ['Content-Type', 'application/json'] as const
const FORM_TYPE = ['Content-Type', 'application/x-www-form-urlencoded'] as const
const [USER, OTHER_USER] = ['1b4e28ba-2fa1-41d2-883f-0016d3cca427', '6fa459ea-ee8a-4ca4-894e-db77e160355e']

function bearer(sub: string): readonly [string, string] {
  return ['Authorization', `Bearer ${jsonwebtoken.sign({ sub, iss: 'https://idp' }, 's'.repeat(32))}`]
}

/** Anew each time, since a writer takes the bodies away. */
const recorded = (): readonly RRPair[] => [
  aPair({ id: 1, ...API, request: { target: '/events?ts=1764000000&type=a' } }),
  aPair({ id: 2, ...API, request: { target: `/users/${USER}/orders` } }),
  aPair({
    id: 3,
    ...API,
    request: { method: 'POST', target: '/orders', headers: [JSON_TYPE], body: '{"sku":"apple","count":1}' },
  }),
  aPair({
    id: 4,
    ...LOGIN,
    request: {
      method: 'POST',
      target: '/authorize',
      headers: [FORM_TYPE],
      body: 'client_id=web&nonce=k3J9xQ2pL7vR4tYz',
    },
  }),
  aPair({ id: 5, ...API, request: { target: '/me', headers: [bearer('alice')] } }),
  aPair({ id: 6, ...API, request: { target: '/prices', headers: [['X-Tenant', 'blue']] } }),
  aPair({ id: 7, ...API, request: { target: '/stock/apple' } }),
  aPair({ id: 8, ...API, request: { target: '/items/' } }),
  aPair({ id: 9, ...LOGIN, request: { target: '/keys' } }),
  aPair({
    id: 10,
    ...API,
    request: { method: 'POST', target: '/jobs', headers: [JSON_TYPE], body: '{"n":1}' },
  }),
  aPair({ id: 11, ...API, request: { target: '/unrelated/place/of/its/own' } }),
  aPair({ id: 12, ...API, request: { target: '/reports/2026-11-20T12%3A00%3A00Z/daily' } }),
]

/** Others that are like these, from 1 on. */
function like(count: number): readonly RRPair[] {
  return Array.from({ length: count }, (_, at) => {
    const uuid = `${(at + 0x1000_0000).toString(16)}-2fa1-41d2-883f-0016d3cca427`
    const targets = [
      `/events?ts=${1_764_000_001 + at}&type=t${at}`,
      `/users/${uuid}/carts`,
      `/stock/fruit-${at}`,
      `/items/${at}/`,
      `/list?page=${at}&size=20&ts=1764000000`,
    ]
    return aPair({ id: at + 1, ...API, request: { target: targets[at % targets.length] ?? '/' } })
  })
}

interface Mismatch {
  /** The `match:` of the document that the miss needs to be one. */
  readonly match?: string
  readonly asked: RequestFields
  /** The answer to so many equal requests before this one does not count. */
  readonly before?: number
  /** Which backend's listener is asked; the API unless told. */
  readonly listener?: 'api' | 'login'
  readonly pair: number
  readonly cause: string
  readonly fields: readonly string[]
  /** The lines that are offered. */
  readonly yaml: string
}

const ignoring = (key: string, entry: string): string =>
  `match:\n  ignore:\n    ${key}: [${JSON.stringify(entry)}]\n`

const MISMATCHES: Readonly<Record<string, Mismatch>> = {
  'a timestamp in the query': {
    asked: { target: '/events?ts=1764999999&type=a' },
    pair: 1,
    cause: 'timestamp',
    fields: ['query ts'],
    yaml: ignoring('query', 'ts'),
  },
  'a new UUID in the path': {
    asked: { target: `/users/${OTHER_USER}/orders` },
    pair: 2,
    cause: 'uuid',
    fields: ['path'],
    yaml: ignoring('path', '/users/{id}/orders'),
  },
  'a new time in the path, its colons escaped or not': {
    asked: { target: '/reports/2026-12-01T08:30:00%2B01:00/daily' },
    pair: 12,
    cause: 'timestamp',
    fields: ['path'],
    yaml: ignoring('path', '/reports/{id}/daily'),
  },
  'a changed nonce': {
    asked: {
      method: 'POST',
      target: '/authorize',
      headers: [FORM_TYPE],
      body: 'nonce=Z8w1Bn5MfD0sHq6G&client_id=web',
    },
    listener: 'login',
    pair: 4,
    cause: 'nonce',
    fields: ['form nonce'],
    yaml: ignoring('form', 'nonce'),
  },
  'another user': {
    match: 'match: { subject: require }\n',
    asked: { target: '/me', headers: [bearer('bob')] },
    pair: 5,
    cause: 'user',
    fields: ['user'],
    yaml: 'match:\n  subject: prefer\n',
  },
  'a missing header': {
    match: 'match: { headers: X-Tenant }\n',
    asked: { target: '/prices' },
    pair: 6,
    cause: 'header',
    fields: ['header x-tenant'],
    yaml: ignoring('headers', 'x-tenant'),
  },
  'another method': {
    asked: { method: 'DELETE', target: '/stock/apple' },
    pair: 7,
    cause: 'method',
    fields: ['method'],
    yaml: 'match:\n  ignore:\n    method: ["GET", "DELETE"]\n',
  },
  'a trailing slash': {
    asked: { target: '/items' },
    pair: 8,
    cause: 'trailing slash',
    fields: ['path'],
    yaml: ignoring('path', '/items{/}'),
  },
  'the wrong host': {
    asked: { target: '/keys' },
    pair: 9,
    cause: 'host',
    fields: ['backend'],
    yaml: ignoring('host', 'login.test'),
  },
  'one extra call': {
    match: 'match: { sequence: once }\n',
    asked: { method: 'POST', target: '/jobs', headers: [JSON_TYPE], body: '{"n":1}' },
    before: 1,
    pair: 10,
    cause: 'order',
    fields: ['order'],
    yaml: 'match:\n  sequence: last\n',
  },
}

async function asking(t: TestContext, yaml: string, mismatch: Mismatch) {
  return askingAt(await replaying(t, await aSnapshot(t, recorded()), yaml), mismatch)
}

async function replaying(t: TestContext, directory: string, yaml: string): Promise<readonly string[]> {
  const routes = [API, LOGIN].map(({ route: { target } }) => ({ listen: '127.0.0.1:0', target }))
  const { urls } = await aReplay(t, directory, yaml, { routes })
  return urls
}

async function askingAt(urls: readonly string[], { asked, before = 0, listener = 'api' }: Mismatch) {
  const { method = 'GET', target = '/', headers = [], body } = asked
  const url = `${urls[listener === 'api' ? 0 : 1]}${target}`
  const ask = () =>
    fetch(url, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    })
  for (let round = 0; round < before; round += 1) assert.equal((await ask()).status, 200)
  return ask()
}

interface Report {
  readonly cause: string
  readonly yaml?: string
  readonly compared?: { readonly pairs: number; readonly of: number }
  readonly nearest: readonly {
    readonly pair: number
    readonly cause: string
    readonly differs: readonly { readonly field: string }[]
  }[]
}

suite('the report of a miss is right about', () => {
  for (const [name, mismatch] of Object.entries(MISMATCHES)) {
    test(name, async (t) => {
      const base = mismatch.match ?? 'version: 1\n'
      const answer = await asking(t, base, mismatch)
      assert.equal(answer.status, 404)
      assert.equal(answer.headers.get('x-reseal-miss'), '1')
      const { cause, yaml, nearest } = (await answer.json()) as Report
      assert.equal(cause, mismatch.cause)
      assert.equal(nearest.length, 3)
      assert.deepEqual(
        [nearest[0]?.pair, nearest[0]?.cause, nearest[0]?.differs.map(({ field }) => field)],
        [mismatch.pair, mismatch.cause, mismatch.fields],
      )
      assert.equal(yaml, mismatch.yaml)
      // Pasted: headers that count go on to, unless the lines say otherwise.
      const kept = yaml.includes('headers:') ? yaml.replace('match:', 'match:\n  headers: X-Tenant') : yaml
      assert.equal((await asking(t, kept, mismatch)).status, 200)
    })
  }

  test('all of these among thousands like them, at the latest once it has been through them', async (t) => {
    const others = like(6000)
    const last = recorded().map((pair) => ({ ...pair, id: others.length + pair.id }))
    const directory = await aSnapshot(t, [...others, ...last])
    const urls = await replaying(t, directory, 'version: 1\n')
    for (const [name, mismatch] of Object.entries(MISMATCHES)) {
      if (mismatch.match !== undefined) continue
      let report: Report
      do {
        report = (await (await askingAt(urls, mismatch)).json()) as Report
      } while (report.compared !== undefined)
      const { cause, yaml, nearest } = report
      const pair = others.length + mismatch.pair
      assert.deepEqual([cause, nearest[0]?.pair, yaml], [mismatch.cause, pair, mismatch.yaml], name)
    }
  })

  test('no order of JSON members, since they are one question in any', async (t) => {
    const asked: RequestFields = {
      method: 'POST',
      target: '/orders',
      headers: [JSON_TYPE],
      body: '{ "count": 1, "sku": "apple" }',
    }
    const mismatch: Mismatch = { asked, pair: 3, cause: '', fields: [], yaml: '' }
    assert.equal((await asking(t, 'version: 1\n', mismatch)).status, 200)
  })

  test('an endpoint that was never recorded', async (t) => {
    const asked: RequestFields = { target: '/payments/refunds' }
    const answer = await asking(t, 'version: 1\n', { asked, pair: 0, cause: '', fields: [], yaml: '' })
    const { cause, yaml } = (await answer.json()) as Report
    assert.deepEqual([cause, yaml], ['new endpoint', undefined])
  })
})

test('a miss is told as text to whoever would rather have text, with the status that the document says', async (t) => {
  const asked: RequestFields = { target: '/events?ts=1764999999&type=a', headers: [['Accept', 'text/plain']] }
  const mismatch: Mismatch = { asked, pair: 1, cause: '', fields: [], yaml: '' }
  const answer = await asking(t, 'match: { miss: { status: 501 } }\n', mismatch)
  assert.equal(answer.status, 501)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/)
  assert.match(
    await answer.text(),
    /^The snapshot has no answer to GET \/events\?ts=1764999999&type=a \(timestamp\)\.\npair 1: .*\n {2}query ts: recorded 1764000000, asked 1764999999\n[^]*\n {2}match:\n {4}ignore:\n {6}query: \["ts"\]\n$/,
  )
})

test('a report tells no secret, neither the recorded nor the asked one, as JSON or text', async (t) => {
  const secretsOf = (who: string) => ({
    password: `${who}-pass-phrase`,
    key: `sk_live_${who}0123456789abcdefghij`,
    token: bearer(who)[1].slice('Bearer '.length),
    session: `${who}0f9e8d7c6b5a43210f9e8d7c6b5a4321`,
    basic: Buffer.from(`${who}:${who}-secret`).toString('base64'),
  })
  const requestsOf = ({ password, key, token, session, basic }: ReturnType<typeof secretsOf>) =>
    [
      {
        method: 'POST',
        target: '/login?a=1',
        headers: [JSON_TYPE],
        body: JSON.stringify({ user: 'x', password, nested: { client_secret: key } }),
      },
      {
        method: 'POST',
        target: '/token',
        headers: [FORM_TYPE],
        body: `a=1&password=${password}&code=${key}`,
      },
      { target: `/search?api_key=${key}&q=${token}` },
      { target: `/files/${token}/content` },
      { target: '/bearer', headers: [['Authorization', `Bearer ${token}`]] },
      { target: '/basic', headers: [['Authorization', `Basic ${basic}`]] },
      { target: '/cookie', headers: [['Cookie', `sid=${session}; theme=dark`]] },
      { target: `/reset;jsessionid=${session}` },
    ] satisfies readonly RequestFields[]
  const [before, now] = [secretsOf('ann'), secretsOf('bob')]
  const pairs = requestsOf(before).map((request, at) => aPair({ id: at + 1, ...API, request }))
  const yaml = 'match: { headers: [authorization, cookie], subject: require }\n'
  const { urls } = await aReplay(t, await aSnapshot(t, pairs), yaml)
  for (const asked of requestsOf(now)) {
    for (const accept of ['application/json', 'text/plain']) {
      const headers = [...('headers' in asked ? asked.headers : []), ['Accept', accept]] as const
      const mismatch: Mismatch = { asked: { ...asked, headers }, pair: 0, cause: '', fields: [], yaml: '' }
      const answer = await askingAt(urls, mismatch)
      assert.equal(answer.status, 404, asked.target)
      const report = await answer.text()
      for (const secret of [before, now].flatMap((all) => Object.values(all)))
        assert.ok(!report.includes(secret.slice(0, 12)), `${secret} in ${report}`)
    }
  }
})
