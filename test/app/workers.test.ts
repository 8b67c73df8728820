import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, get as httpGet, type IncomingMessage } from 'node:http'
import { get as httpsGet } from 'node:https'
import { text } from 'node:stream/consumers'
import { setImmediate as immediate } from 'node:timers/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { aCrew, numbered } from '../support/a-crew.ts'
import { aPair } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

const PROCESSES = 3

suite('a replay that several processes serve', () => {
  test('gives one client its sequence in order, whichever process it meets, and everybody else theirs', async (t) => {
    const { get } = await aCrew(t, PROCESSES, numbered('/next', 4), 'match: { session: header X-Client }\n')
    const asked = async (client: string) => (await get('/next', { 'X-Client': client })).body
    const answers = new Map<string, string[]>()
    for (let round = 0; round < 6; round += 1) {
      const given = await Promise.all(['a', 'b', 'c'].map(asked))
      for (const [at, answer] of given.entries())
        answers.set(String(at), [...(answers.get(String(at)) ?? []), answer])
    }
    const whole = ['1', '2', '3', '4', '4', '4']
    assert.deepEqual([...answers.values()], [whole, whole, whole])
  })

  test('gives each connection its own sequence, also where they are with one process', async (t) => {
    const { get } = await aCrew(
      t,
      PROCESSES,
      numbered('/next', 2),
      'match: { session: connection, sequence: once }\n',
    )
    const agents = Array.from({ length: 2 * PROCESSES }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
    t.after(() => agents.forEach((agent) => agent.destroy()))
    for (const wanted of ['200 1', '200 2', '404']) {
      for (const agent of agents) {
        const { status, body } = await get('/next', {}, agent)
        assert.equal(status === 200 ? `200 ${body}` : String(status), wanted)
      }
    }
  })

  test('answers a read by the writes before it, whoever had those', async (t) => {
    const pairs = [
      aPair({ id: 1, request: { target: '/x' }, response: { body: 'before' } }),
      aPair({ id: 2, request: { method: 'PUT', target: '/x' }, response: { body: 'put' } }),
      aPair({ id: 3, request: { target: '/x' }, response: { body: 'after' } }),
    ]
    const { get } = await aCrew(t, PROCESSES, pairs, 'match: { sequence: causal }\n')
    for (let at = 0; at < PROCESSES; at += 1) assert.equal((await get('/x')).body, 'before')
    assert.equal((await get('/x', {}, undefined, 'PUT')).body, 'put')
    for (let at = 0; at < PROCESSES; at += 1) assert.equal((await get('/x')).body, 'after')
  })

  test('has what map learnt from one request in the next, and forgets it on reset', async (t) => {
    const pairs = [
      aPair({ id: 1, request: { target: '/orders?id=order-111' }, response: { body: 'taken' } }),
      aPair({ id: 2, request: { target: '/last' }, response: { body: '{"id":"order-111"}' } }),
    ]
    const yaml =
      'match: { ignore: { query: [id] } }\nresponder:\n  - { filters: { path: /orders }, extractor: { http_req_query: id }, transforms: [map] }\n'
    const { get, replaying } = await aCrew(t, PROCESSES, pairs, yaml)
    await get('/orders?id=order-a')
    for (let at = 0; at < PROCESSES; at += 1) assert.equal((await get('/last')).body, '{"id":"order-a"}')
    await replaying.reset()
    assert.equal((await get('/last')).body, '{"id":"order-111"}')
  })

  test('lets a fault happen as many times as it says, over all processes, from its call on', async (t) => {
    const { get, control } = await aCrew(t, PROCESSES, [aPair({ request: { target: '/pay' } })])
    for (let at = 0; at < PROCESSES; at += 1) assert.equal((await get('/pay')).status, 200)
    const set = await control('POST', '/v1/faults', { kind: 'status', status: 503, times: 4 })
    assert.equal(set.status, 201)
    const statuses: number[] = []
    for (let at = 0; at < 9; at += 1) statuses.push((await get('/pay')).status)
    assert.deepEqual(statuses, [503, 503, 503, 503, 200, 200, 200, 200, 200])
    await control('DELETE', '/v1/faults')
    assert.equal((await get('/pay')).status, 200)
  })

  test('lets a fault be for some requests only, in every process', async (t) => {
    const pairs = ['/pay', '/other'].map((target, at) => aPair({ id: at + 1, request: { target } }))
    const { get, control } = await aCrew(t, PROCESSES, pairs)
    const fault = { kind: 'status', status: 503, filters: { path: '/pay' } }
    assert.equal((await control('POST', '/v1/faults', fault)).status, 201)
    for (const [target, status] of [
      ['/pay', 503],
      ['/other', 200],
    ] as const)
      for (let at = 0; at < PROCESSES; at += 1) assert.equal((await get(target)).status, status)
  })

  test('has one journal of all processes, in order and without gaps, and counts and coverage of all', async (t) => {
    const pairs = [1, 2, 3, 4].map((id) => aPair({ id, request: { target: `/${id}` } }))
    const { get, control } = await aCrew(t, PROCESSES, pairs)
    const targets = Array.from({ length: 30 }, (_, at) => `/${1 + (at % 3)}?`.replace('?', ''))
    for (const target of targets) await get(target)
    await get('/unknown')
    const { entries } = await control('GET', '/v1/journal?limit=1000').then(({ value }) => value)
    assert.deepEqual(
      entries.map(({ target }: { target: string }) => target),
      [...targets, '/unknown'],
    )
    assert.deepEqual(
      entries.map(({ number }: { number: number }) => number),
      entries.map((_: unknown, at: number) => at + 1),
    )
    const coverage = await control('GET', '/v1/coverage').then(({ value }) => value)
    assert.equal(coverage.served, 3)
    assert.deepEqual(coverage.neverServed.pairs, [4])
    assert.match((await control('GET', '/metrics')).text, /verdict="hit"\} 30\n.*verdict="miss"\} 1\n/s)
    assert.equal((await control('POST', '/v1/reset')).status, 204)
    assert.deepEqual((await control('GET', '/v1/journal')).value.entries, [])
    await get('/1')
    const after = await control('GET', '/v1/journal').then(({ value }) => value)
    assert.deepEqual([after.first, after.last], [32, 32])
  })

  test('streams what any process answered', async (t) => {
    const { get, replaying } = await aCrew(t, PROCESSES, [aPair({ request: { target: '/a' } })])
    const response = await open(`${replaying.control?.url}/v1/journal/stream`)
    t.after(() => response.destroy())
    for (let at = 0; at < PROCESSES; at += 1) await get('/a')
    let said = ''
    for await (const chunk of response) {
      said += String(chunk)
      if (said.includes(`id: ${PROCESSES}\n`)) break
    }
    assert.match(said, /id: 1\n.*id: 2\n.*id: 3\n/s)
  })

  test('changes the plan for all at once: under load no client meets an older one after a newer', async (t) => {
    const pairs = [aPair({ request: { target: '/v' }, response: { body: 'v' } })]
    const { get, control, write } = await aCrew(t, PROCESSES, pairs, '', { watch: false })
    const stop = new AbortController()
    const clients = [1, 2, 3].map(async () => {
      const seen: number[] = []
      while (!stop.signal.aborted) seen.push(Number((await get('/v')).body.replace(/\D/g, '') || '0'))
      return seen
    })
    for (let version = 1; version <= 5; version += 1) {
      write(`version: 1\nresponder: [{ extractor: http_res_body, transforms: [{ set: "v${version}" }] }]\n`)
      assert.equal((await control('POST', '/v1/reload')).value.revision, version + 1)
      for (let at = 0; at < PROCESSES; at += 1) assert.equal((await get('/v')).body, `v${version}`)
    }
    stop.abort()
    for (const seen of await Promise.all(clients))
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      )
  })

  test('goes on when a worker is killed, and says so; another takes its place', async (t) => {
    const lines: string[] = []
    const { get, replaying } = await aCrew(t, PROCESSES, numbered('/next', 3), '', {
      onLog: (line) => lines.push(line),
    })
    assert.equal((await get('/next')).body, '1')
    const [first = 0] = replaying.workers.pids()
    process.kill(first, 'SIGKILL')
    for (const wanted of ['2', '3', '3', '3']) {
      // A connection on its way to the one that was killed is lost with it.
      const answer = await persistently(() => get('/next'))
      if (wanted !== '3') assert.ok(['2', '3'].includes(answer.body))
      else assert.equal(answer.body, '3')
    }
    while (replaying.workers.pids().length < 2 || replaying.workers.pids().includes(first)) await immediate()
    assert.ok(
      lines.includes(`worker ${first} ended (SIGKILL); another one takes its place`),
      lines.join('\n'),
    )
  })

  test('answers what is under way before it stops, in every process', async (t) => {
    const slow = 'faults: [{ kind: delay, delayMs: 300, filters: { path: /slow } }]\n'
    const { get, replaying } = await aCrew(t, PROCESSES, [aPair({ request: { target: '/slow' } })], slow)
    const asked = Array.from({ length: 2 * PROCESSES }, () => get('/slow'))
    const arrived = async (): Promise<boolean> => {
      await replaying.sync()
      return replaying.journal().length === asked.length
    }
    while (!(await arrived())) await Promise.race(asked)
    const { hits } = await replaying.stop()
    assert.deepEqual(new Set((await Promise.all(asked)).map(({ status }) => status)), new Set([200]))
    assert.equal(hits, asked.length)
  })

  test('passes misses to the backend from every process, and has their status in the journal', async (t) => {
    const upstream = await aBackend(t, 207)
    const { get, replaying } = await aCrew(t, PROCESSES, [aPair()], '', {
      whenMissed: 'passthrough',
      target: upstream,
    })
    for (let at = 0; at < PROCESSES; at += 1) {
      const { status, body } = await get('/live')
      assert.deepEqual([status, body], [207, 'live'])
    }
    const statuses = async (): Promise<readonly number[]> => {
      await replaying.sync()
      return replaying.journal().map(({ status }) => status)
    }
    while ((await statuses()).length < PROCESSES) await get('/')
    assert.deepEqual(
      (await statuses()).filter((status) => status === 207),
      [207, 207, 207],
    )
  })

  test('serves HTTPS from every process, and re-signs a token once for all within a second', async (t) => {
    const pairs = [
      aPair({ request: { target: '/token' }, response: { body: JSON.stringify({ access_token: JWT }) } }),
    ]
    const yaml =
      'responder:\n  - extractor: http_res_body\n    transforms: [{ json_path: access_token }, { jwt_resign: { alg: ES256, time: keep } }]\n'
    const directory = await aSnapshot(t, pairs)
    const replaying = await aReplay(t, directory, `version: 1\n${yaml}`, {
      workers: PROCESSES,
      tls: { secretsDirectory: join(directory, 'secrets') },
    })
    await replaying.workers.joined()
    const tokens = new Set<string>()
    for (let at = 0; at < 3 * PROCESSES; at += 1) {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
      httpsGet(`${replaying.urls[0]}/token`, { agent: false, rejectUnauthorized: false }, resolve).on(
        'error',
        reject,
      )
      tokens.add(await text(await promise))
    }
    assert.equal(tokens.size, 1)
    assert.ok(![...tokens][0]?.includes(JWT))
  })

  test('is one process while it records misses', async (t) => {
    const upstream = await aBackend(t, 200)
    const lines: string[] = []
    const { get, replaying } = await aCrew(t, PROCESSES, [aPair()], '', {
      whenMissed: 'record',
      target: upstream,
      onLog: (line) => lines.push(line),
    })
    assert.deepEqual(replaying.workers.pids(), [])
    assert.ok(
      lines.includes(
        'one process serves, since --on-miss record stores what the next request may be answered from',
      ),
    )
    assert.equal((await get('/new')).body, 'live')
    await replaying.stop()
  })
})

const JWT = [
  { alg: 'ES256', kid: 'k' },
  { iss: 'https://idp.example', sub: 'u', iat: 1, exp: 2 },
]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .concat('c2lnbmF0dXJl')
  .join('.')

/** Asks until there is an answer. */
async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined) return answer
  }
}

async function open(url: string): Promise<IncomingMessage> {
  const [response] = await once(httpGet(url, { agent: false }), 'response')
  return response
}

async function aBackend(t: TestContext, status: number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end('live'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}
