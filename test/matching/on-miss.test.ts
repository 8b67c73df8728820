import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { ResealError } from '../../src/core/errors.ts'
import { aBackend } from '../support/a-backend.ts'
import { aPair } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

const recordedAt = (target: string, path = '/known') =>
  aPair({ id: 1, route: { listen: '127.0.0.1:1', target }, request: { target: path } })

suite('a request that nothing answers', () => {
  test('is an error, and no connection to the backend is ever opened', async (t) => {
    const backend = await aBackend(t)
    const directory = await aSnapshot(t, [recordedAt(backend.origin)])
    const routes = [
      { listen: '127.0.0.1:0', target: backend.origin },
      { listen: '127.0.0.1:0', target: undefined },
    ]
    const { urls } = await aReplay(t, directory, '', { routes, target: backend.origin })
    for (const url of urls) {
      assert.equal((await fetch(`${url}/known`)).status, 200)
      assert.equal((await fetch(`${url}/unknown`)).status, 404)
      assert.equal((await fetch(`${url}/unknown`, { method: 'POST', body: 'x' })).status, 404)
    }
    assert.equal(backend.connections(), 0)
  })

  test('passes through to the mapped backend with its content, and its answer is marked', async (t) => {
    const backend = await aBackend(t)
    const directory = await aSnapshot(t, [recordedAt(backend.origin)])
    const routes = [{ listen: '127.0.0.1:0', target: backend.origin }]
    const replaying = await aReplay(t, directory, '', { routes, whenMissed: 'passthrough' })
    const [url] = replaying.urls
    const known = await fetch(`${url}/known`)
    assert.deepEqual([known.status, known.headers.get('x-reseal-passthrough')], [200, null])
    assert.equal(backend.connections(), 0)
    for (const [method, body] of [
      ['POST', 'x'.repeat(200_000)],
      ['GET', ''],
      ['DELETE', ''],
    ] as const) {
      const answer = await fetch(`${url}/un%20known?a=1`, { method, ...(body === '' ? {} : { body }) })
      assert.deepEqual(
        [answer.status, answer.headers.get('x-reseal-passthrough'), answer.headers.getSetCookie()],
        [201, '1', ['a=1', 'b=2']],
      )
      assert.deepEqual(await answer.json(), { method, url: '/un%20known?a=1', body, host: backend.authority })
    }
    const journal = replaying.journal().map(({ verdict, status }) => [verdict, status])
    assert.deepEqual(journal, [
      ['hit', 200],
      ['passthrough', 201],
      ['passthrough', 201],
      ['passthrough', 201],
    ])
    const { hits, misses } = await replaying.stop()
    assert.deepEqual([hits, misses], [1, 0])
    const reader = openSnapshot(join(directory, 'snapshots', 't.db'))
    assert.equal(reader.count, 1)
    reader.close()
  })

  test('is recorded, and answered from the snapshot the next time; other clients stay where they are', async (t) => {
    const backend = await aBackend(t)
    const known = [1, 2].map((id) => ({
      ...recordedAt(backend.origin),
      id,
      response: aPair({ response: { status: 200 + id } }).response,
    }))
    const directory = await aSnapshot(t, known)
    const replaying = await aReplay(t, directory, 'match: { sequence: once }\n', {
      whenMissed: 'record',
      target: backend.origin,
    })
    const [url] = replaying.urls
    assert.equal((await fetch(`${url}/known`)).status, 201)
    const first = await fetch(`${url}/new`, { method: 'POST', body: '{"a":1}' })
    const said = await first.text()
    assert.equal(first.headers.get('x-reseal-passthrough'), '1')
    const second = await fetch(`${url}/new`, { method: 'POST', body: '{ "a": 1 }' })
    assert.deepEqual(
      [second.status, second.headers.get('x-answer'), second.headers.get('x-reseal-passthrough')],
      [201, '1', null],
    )
    assert.equal(await second.text(), said)
    assert.equal(backend.connections(), 1)
    // The first of two answers was given before the snapshot was loaded anew.
    assert.equal((await fetch(`${url}/known`)).status, 202)
    const { coverage } = await replaying.stop()
    assert.deepEqual([coverage.pairs, coverage.served], [3, 3])
    const reader = openSnapshot(join(directory, 'snapshots', 't.db'))
    assert.equal(reader.pair(3)?.route.target, backend.origin)
    reader.close()
  })

  test('passes through from HTTP/2 clients as well', async (t) => {
    const backend = await aBackend(t)
    const directory = await aSnapshot(t, [recordedAt(backend.origin)])
    const tls = { secretsDirectory: join(directory, 'secrets') }
    const { urls } = await aReplay(t, directory, '', {
      tls,
      whenMissed: 'passthrough',
      target: backend.origin,
    })
    const session = connect(urls[0] ?? '', { rejectUnauthorized: false })
    t.after(() => session.destroy())
    const stream = session.request({ ':method': 'POST', ':path': '/unknown' })
    stream.end('content')
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    assert.deepEqual([head[':status'], head['x-reseal-passthrough']], [201, '1'])
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    assert.match(Buffer.concat(chunks).toString(), /"method":"POST","url":"\/unknown","body":"content"/)
  })

  test('becomes a WebSocket of the backend where it asks for one, and is recorded as one', async (t) => {
    const backend = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    t.after(() => backend.close())
    backend.on('connection', (socket) => socket.on('message', (said) => socket.send(said)))
    await once(backend, 'listening')
    const origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
    const directory = await aSnapshot(t, [recordedAt(origin)])
    const replaying = await aReplay(t, directory, '', { whenMissed: 'record', target: origin })
    const talk = async (): Promise<string> => {
      const client = new WebSocket(`${(replaying.urls[0] ?? '').replace('http', 'ws')}/socket`)
      await once(client, 'open')
      client.send('you')
      const [heard] = await once(client, 'message')
      const closed = once(client, 'close')
      client.close()
      await closed
      return String(heard)
    }
    assert.equal(await talk(), 'you')
    await replaying.stop()
    assert.deepEqual(
      replaying.journal().map(({ verdict, status }) => [verdict, status]),
      [['passthrough', 101]],
    )
    const reader = openSnapshot(join(directory, 'snapshots', 't.db'))
    const { response } = reader.pair(2) ?? {}
    reader.close()
    const said = response?.frames?.filter(({ opcode }) => opcode < 8).map(({ from }) => from)
    assert.deepEqual([response?.status, said], [101, ['client', 'server']])
  })

  test('is a 502 where the backend cannot be reached, and a listener without a backend is refused at the start', async (t) => {
    const gone = 'http://127.0.0.1:1'
    const directory = await aSnapshot(t, [recordedAt(gone)])
    const { urls, journal } = await aReplay(t, directory, '', { whenMissed: 'passthrough', target: gone })
    const answer = await fetch(`${urls[0]}/unknown`)
    assert.equal(answer.status, 502)
    assert.deepEqual(
      journal().map(({ status }) => status),
      [502],
    )
    await assert.rejects(
      aReplay(t, directory, '', { whenMissed: 'record' }),
      (error: unknown) =>
        error instanceof ResealError &&
        error.code === 'USAGE' &&
        error.message === '--on-miss record does not say where to forward to',
    )
  })
})
