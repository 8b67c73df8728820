import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ANSWER_FAULTS } from '../../src/core/fault.ts'
import { createFaultBook, type FaultLimits } from '../../src/core/fault-book.ts'
import { checkTransformDocument } from '../../src/transform/document/document.ts'
import { rawClient } from '../support/raw-socket.ts'
import { aReplay } from './support/a-replay.ts'

const BODY = '{"hello":"world"}'
const PAIRS = [
  { request: { target: '/a' }, response: { body: BODY } },
  { request: { target: '/a' }, response: { body: '{"hello":"again"}' } },
  { request: { target: '/gone' }, response: { status: 410, body: '' } },
  { request: { method: 'POST', target: '/a' }, response: { body: '{"posted":true}' } },
] as const

suite('a fault in the transform document', () => {
  test('happens where its filters say, as often as it says, and spends no recorded answer', async (t) => {
    const { url, ask } = await aReplay(t, {
      pairs: PAIRS,
      document: `faults:
  - filters: { method: GET, path: /a }
    kind: status
    status: 503
    retryAfterSeconds: 2
    headers: { X-Why: test, Content-Type: text/plain }
    body: not now
    times: 2
`,
    })
    for (let asked = 0; asked < 2; asked += 1) {
      const reply = await fetch(`${url}/a`)
      assert.deepEqual(
        [reply.status, ...['retry-after', 'x-why', 'content-type'].map((name) => reply.headers.get(name))],
        [503, '2', 'test', 'text/plain'],
      )
      assert.equal(await reply.text(), 'not now')
      assert.equal((await fetch(`${url}/a`, { method: 'POST' })).status, 200)
    }
    assert.deepEqual([await textOf(`${url}/a`), await textOf(`${url}/a`)], [BODY, '{"hello":"again"}'])
    const { entries } = (await ask('GET', '/v1/journal')).json as { entries: Record<string, unknown>[] }
    assert.deepEqual(
      entries.slice(0, 2).map(({ verdict, faults, status }) => [verdict, faults, status]),
      [
        ['fault', ['fault-1'], 503],
        ['hit', undefined, 200],
      ],
    )
  })

  test('is in the refusal of a request that waits for a 100 as well', async (t) => {
    const waiting = {
      method: 'POST',
      target: '/upload',
      headers: [
        ['Expect', '100-continue'],
        ['Content-Length', '4'],
      ] as const,
    }
    const { url, ask } = await aReplay(t, {
      pairs: [{ request: waiting, response: { status: 413, body: 'too large' } }],
      document: 'faults: [{ filters: { path: /upload }, kind: status, status: 503, times: 1 }]\n',
    })
    const asked = async (): Promise<string> => {
      const client = await rawClient(t, Number(new URL(url).port))
      client.send(
        'POST /upload HTTP/1.1\r\nHost: staging.example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
      )
      return (await client.until(/\r\n\r\n/)).slice(0, 12)
    }
    assert.equal(await asked(), 'HTTP/1.1 503')
    assert.equal(await asked(), 'HTTP/1.1 413')
    const { entries } = (await ask('GET', '/v1/journal')).json as { entries: Record<string, unknown>[] }
    assert.deepEqual(
      entries.map(({ status, faults }) => [status, faults]),
      [
        [503, ['fault-1']],
        [413, undefined],
      ],
    )
  })

  test('counts on over a reload that leaves it as it was, and anew after a reset', async (t) => {
    const document = 'faults:\n  - { kind: status, status: 503, times: 1 }\n'
    const { url, ask, transformsFile } = await aReplay(t, { pairs: PAIRS, document })
    assert.equal((await fetch(`${url}/a`)).status, 503)
    writeFileSync(transformsFile, `match: { ignore: { query: [ts] } }\n${document}`)
    await ask('POST', '/v1/reload')
    assert.equal((await fetch(`${url}/a`)).status, 200)
    await ask('POST', '/v1/reset')
    assert.equal((await fetch(`${url}/a`)).status, 503)
    writeFileSync(transformsFile, '')
    await ask('POST', '/v1/reload')
    assert.deepEqual((await ask('GET', '/v1/faults')).json, { faults: [] })
  })

  test('that is wrong is an error at its place, with a word that may have been meant', () => {
    const mistakes = [
      ['{ kind: stauts, status: 503 }', '1:18', /not "stauts"$/, /"status"/],
      ['{ kind: status, status: 700 }', '1:34', /"faults\[0\]\.status".* must be 599 or less/, /^ $/],
      ['{ kind: status, status: 503, tmes: 2 }', '1:39', /"tmes" is not a key of "faults\[0\]"/, /"times"/],
      ['{ kind: delay }', '1:10', /lacks "delayMs"/, /./],
      ['{ kind: delay, delayMs: { min: 5, max: 1 } }', '1:34', /min that is not above/, /./],
      ['{ kind: reset, filters: { pth: /a } }', '1:36', /"pth"/, /"path"/],
      [
        '{ kind: status, status: 503, headers: { "a b": c } }',
        '1:50',
        /is not the name of a header field/,
        /^ $/,
      ],
      [
        '{ kind: status, status: 503, headers: { Content-Length: "5" } }',
        '1:50',
        /is not for a fault to say/,
        /^ $/,
      ],
    ] as const
    for (const [fault, place, message, hint] of mistakes) {
      const { errors } = checkTransformDocument(`faults: [${fault}]\n`, 'a.yaml')
      const [error] = errors
      assert.ok(error !== undefined, fault)
      assert.match(error.message, message, fault)
      assert.match(error.hint ?? ' ', hint, fault)
      assert.equal(`${error.place?.line}:${error.place?.column}`, place, `${fault}: ${error.message}`)
    }
  })
})

suite('a fault set at run time', () => {
  test('is listed, happens, and is taken back', async (t) => {
    const { url, ask } = await aReplay(t, { pairs: PAIRS })
    const fault = { kind: 'status', status: 429, filters: { path: '/a', status: 200 } }
    const set = await ask('POST', '/v1/faults', fault)
    assert.equal(set.status, 201)
    assert.equal((set.json as { id: string }).id, 'fault-1')
    assert.equal((await fetch(`${url}/a`)).status, 429)
    assert.equal((await fetch(`${url}/gone`)).status, 410)
    const { faults } = (await ask('GET', '/v1/faults')).json as { faults: { happened: number }[] }
    assert.deepEqual(
      faults.map(({ happened }) => happened),
      [1],
    )
    assert.match((await ask('GET', '/metrics')).text, /^reseal_faults_total 1$/m)
    assert.equal((await ask('DELETE', '/v1/faults/fault-1')).status, 204)
    assert.equal((await ask('DELETE', '/v1/faults/fault-1')).status, 404)
    assert.equal((await fetch(`${url}/a`)).status, 200)
    await ask('POST', '/v1/faults', fault)
    assert.deepEqual((await ask('DELETE', '/v1/faults')).json, { cleared: 1 })
  })

  test('that cannot be is refused, and the value is not told back', async (t) => {
    const { ask } = await aReplay(t)
    for (const fault of [
      undefined,
      {},
      { kind: 'none-such' },
      { kind: 'status', status: 'hunter2' },
      { kind: 'status', status: 503, unknown: 1 },
      { kind: 'delay', delayMs: { min: 0 } },
      { kind: 'delay', delayMs: 3_600_001 },
      { kind: 'status', status: 503, filters: { path: 'hunter2' } },
      { kind: 'status', status: 503, filters: { header: { a: { regex: '(' } } } },
      { kind: 'status', status: 503, headers: { a: 'b\r\nc: d' } },
      { kind: 'redirect', location: '/\r\n' },
      { kind: 'status', status: 503, body: 'x'.repeat(1024 * 1024 + 1) },
    ]) {
      const { status, text } = await ask('POST', '/v1/faults', fault)
      assert.ok(status === 400 || status === 413, `${JSON.stringify(fault)?.slice(0, 80)}: ${status}`)
      assert.ok(!text.includes('hunter2'))
    }
    assert.deepEqual((await ask('GET', '/v1/faults')).json, { faults: [] })
  })

  test('of each kind changes the answer as it says', async (t) => {
    const { url, ask } = await aReplay(t, {
      pairs: [{ request: { target: '/a' }, response: { body: BODY } }],
    })
    const withFault = async (fault: object): Promise<Response> => {
      await ask('POST', '/v1/faults', fault)
      try {
        return await fetch(`${url}/a`, { redirect: 'manual' })
      } finally {
        await ask('DELETE', '/v1/faults')
      }
    }
    const half = await withFault({ kind: 'truncate' })
    assert.equal(await half.text(), BODY.slice(0, 8))
    assert.equal(half.headers.get('content-length'), '8')
    const moved = await withFault({ kind: 'redirect', location: '/b' })
    assert.deepEqual([moved.status, moved.headers.get('location')], [302, '/b'])
    await assert.rejects(withFault({ kind: 'reset' }))
    assert.throws(() => JSON.parse('{"keys": [{"kty": oops'))
    assert.equal(await (await withFault({ kind: 'malformed' })).text(), '{"keys": [{"kty": oops')
    assert.equal(
      (await withFault({ kind: 'contentType', contentType: 'text/html' })).headers.get('content-type'),
      'text/html',
    )
    const begun = performance.now()
    await withFault({ kind: 'delay', delayMs: { min: 120, max: 150 } })
    assert.ok(performance.now() - begun >= 119)
    const slow = performance.now()
    assert.equal(await (await withFault({ kind: 'rate', bytesPerSecond: 100 })).text(), BODY)
    assert.ok(performance.now() - slow >= 150)
  })

  test('that stalls keeps the connection open after so much', async (t) => {
    const { url, ask } = await aReplay(t, {
      pairs: [{ request: { target: '/a' }, response: { body: BODY } }],
    })
    await ask('POST', '/v1/faults', { kind: 'stall', afterBytes: 5 })
    const client = await rawClient(t, Number(new URL(url).port))
    client.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
    const text = await client.until(/\r\n\r\n.{5}/s)
    assert.ok(text.endsWith(BODY.slice(0, 5)))
    assert.equal(client.socket.destroyed, false)
  })

  test('is in the answer of a re-signed token, of a miss, and of an issuer beside the recording', async (t) => {
    const { url, ask } = await aReplay(t, {
      pairs: PAIRS,
      document: 'issuers: { main: { alg: ES256 } }\n',
    })
    await ask('POST', '/v1/faults', { kind: 'contentType', contentType: 'text/x-faulty' })
    for (const path of ['/a', '/nowhere', '/.well-known/openid-configuration']) {
      assert.equal((await fetch(`${url}${path}`)).headers.get('content-type'), 'text/x-faulty', path)
    }
  })
})

suite('the library', () => {
  test('has a fault for as long as the work takes, the journal, the misses and a reset', async (t) => {
    const { replaying, url } = await aReplay(t, { pairs: PAIRS, control: undefined })
    const work = async (): Promise<never> => {
      assert.equal((await fetch(`${url}/a`)).status, 503)
      throw new Error('the test failed')
    }
    const fault = { kind: 'status', status: 503, filters: { path: '/a' } } as const
    await assert.rejects(replaying.fault(fault, work), { message: 'the test failed' })
    assert.equal((await fetch(`${url}/a`)).status, 200)
    assert.equal((await fetch(`${url}/nowhere`)).status, 404)
    assert.deepEqual(
      replaying.journal().map(({ number, verdict }) => [number, verdict]),
      [
        [1, 'fault'],
        [2, 'hit'],
        [3, 'miss'],
      ],
    )
    assert.deepEqual(
      replaying.journal(2).map(({ target }) => target),
      ['/nowhere'],
    )
    assert.deepEqual(
      replaying.misses().map(({ count, target }) => [count, target]),
      [[1, '/nowhere']],
    )
    await replaying.reset()
    assert.deepEqual([replaying.journal(), replaying.misses(), replaying.coverage().served], [[], [], 1])
    await assert.rejects(replaying.fault({ kind: 'status', status: 99 }, work), {
      code: 'CONFIG_INVALID',
      message: '"status" of a fault must be 200 or more',
    })
  })
})

suite('how often a fault happens', () => {
  const at = (limits: FaultLimits, requests: number): string => {
    const book = createFaultBook<FaultLimits>(() => 0)
    book.set(limits)
    return Array.from({ length: requests }, () => String(book.happening(() => 'one').length)).join('')
  }

  test('is said by counts', () => {
    assert.equal(at({}, 5), '11111')
    assert.equal(at({ times: 2 }, 5), '11000')
    assert.equal(at({ after: 2 }, 5), '00111')
    assert.equal(at({ after: 1, times: 2 }, 5), '01100')
    assert.equal(at({ every: 3 }, 8), '10010010')
    assert.equal(at({ after: 1, every: 2, times: 2 }, 8), '01010000')
  })

  test('by probability comes near it, and the same for the same seed', () => {
    const some = at({ probability: 0.3, seed: 7 }, 2000)
    assert.equal(some, at({ probability: 0.3, seed: 7 }, 2000))
    assert.notEqual(some, at({ probability: 0.3, seed: 8 }, 2000))
    const share = (some.split('1').length - 1) / 2000
    assert.ok(share > 0.25 && share < 0.35, String(share))
  })

  test('begins anew with a rewind, dice too', () => {
    const book = createFaultBook<FaultLimits>(() => 0)
    book.set({ probability: 0.5, times: 20 })
    const run = (): string =>
      Array.from({ length: 60 }, () => String(book.happening(() => 'one').length)).join('')
    const first = run()
    book.rewind()
    assert.equal(run(), first)
    assert.equal(book.total, 40)
  })

  test('by one effect is once: of two in each other’s place the first that has not happened all its times', () => {
    const book = createFaultBook<FaultLimits>(() => 0)
    book.set({ times: 1 })
    book.set({ times: 1 })
    const ids = (): readonly string[] => book.happening(() => 'instead').map(({ id }) => id)
    assert.deepEqual([ids(), ids(), ids()], [['fault-1'], ['fault-2'], []])
  })

  test('delays around a mean are never below nothing', () => {
    let thrown = 0
    const dice = (): number => ((thrown += 0.37) * 7.1) % 1
    const whole = { status: 200, reason: '', httpVersion: '1.1', headers: [], trailers: [] } as const
    const delays = Array.from({ length: 500 }, () => {
      const what = { kind: 'delay', delayMs: { mean: 10, deviation: 10 } } as const
      const { delivery } =
        ANSWER_FAULTS.delay.change?.({ ...whole, body: new Uint8Array() }, what, { dice }) ?? {}
      return delivery?.delayMs ?? NaN
    })
    assert.ok(delays.every((delay) => delay >= 0 && delay < 100))
    assert.ok(new Set(delays).size > 100)
  })
})

async function textOf(url: string): Promise<string> {
  return (await fetch(url)).text()
}
