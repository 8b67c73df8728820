import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aReplay } from './support/a-replay.ts'

const A = { request: { target: '/a' }, response: { body: 'a' } } as const

/** What a listener answers to so many requests, one after the other: `1` for a fault. */
async function faulty(url: string, requests: number): Promise<string> {
  let seen = ''
  for (let asked = 0; asked < requests; asked += 1) {
    const { status } = await fetch(url)
    seen += status === 503 ? '1' : '0'
  }
  return seen
}

suite('which requests meet a fault, across sockets', () => {
  test('is said by filters as chains have them: each alone, negated, and any of several', async (t) => {
    const document = `faults:
  - { kind: status, status: 451, filters: { header: { X-Tenant: acme } } }
  - { kind: status, status: 452, filters: { query: { page: { regex: "^9+$" } } } }
  - { kind: status, status: 453, filters: { json: { $.amount: { exists: true } }, method: POST } }
  - { kind: status, status: 454, filters: { form: { grant_type: refresh_token } } }
  - { kind: status, status: 455, filters: { path: "/old/**", not: { path: /old/kept } } }
  - { kind: status, status: 456, filters: { any: [{ path: /x }, { header: { X-Any: true } }] } }
`
    const { url } = await aReplay(t, { pairs: [A], document })
    const post = (type: string, body: string): RequestInit => ({
      method: 'POST',
      headers: { 'Content-Type': type },
      body,
    })
    const FORM = 'application/x-www-form-urlencoded'
    const cases: readonly (readonly [string, RequestInit, number])[] = [
      ['/a', {}, 200],
      ['/a', { headers: { 'x-tenant': 'acme' } }, 451],
      ['/a', { headers: { 'x-tenant': 'other' } }, 200],
      ['/a?page=99', {}, 452],
      ['/a?page=98', {}, 404],
      ['/pay', post('application/json', '{"amount":1}'), 453],
      ['/pay', post('application/json', '{"sum":1}'), 404],
      ['/token', post(FORM, 'a=1&grant_type=refresh_token'), 454],
      ['/token', post(FORM, 'grant_type=password'), 404],
      ['/old/gone', {}, 455],
      ['/old/kept', {}, 404],
      ['/x', {}, 456],
      ['/a', { headers: { 'X-Any': '' } }, 456],
    ]
    for (const [path, init, wanted] of cases) {
      const { status } = await fetch(`${url}${path}`, init)
      assert.equal(status, wanted, `${path} ${JSON.stringify(init)}`)
    }
  })

  test('is said by counts', async (t) => {
    const document = `faults:
  - { kind: status, status: 503, filters: { path: /times }, times: 2 }
  - { kind: status, status: 503, filters: { path: /after }, after: 2, times: 1 }
  - { kind: status, status: 503, filters: { path: /every }, every: 3 }
`
    const { url, ask } = await aReplay(t, { pairs: [A], document })
    for (let round = 0; round < 2; round += 1) {
      assert.equal(await faulty(`${url}/times`, 5), '11000')
      assert.equal(await faulty(`${url}/after`, 5), '00100')
      assert.equal(await faulty(`${url}/every`, 7), '1001001')
      assert.equal((await ask('POST', '/v1/reset')).status, 204)
    }
  })

  test('is said by dice that fall the same for the same seed, in YAML, at run time and after a reset', async (t) => {
    const fault = { kind: 'status', status: 503, probability: 0.5, seed: 7 }
    const inDocument = await aReplay(t, { pairs: [A], document: `faults: [${JSON.stringify(fault)}]\n` })
    const first = await faulty(`${inDocument.url}/a`, 60)
    assert.match(first, /01.*10/)
    await inDocument.ask('POST', '/v1/reset')
    assert.equal(await faulty(`${inDocument.url}/a`, 60), first)

    const atRunTime = await aReplay(t, { pairs: [A] })
    await atRunTime.ask('POST', '/v1/faults', fault)
    assert.equal(await faulty(`${atRunTime.url}/a`, 60), first)
    await atRunTime.ask('DELETE', '/v1/faults')
    assert.equal(await faulty(`${atRunTime.url}/a`, 20), '0'.repeat(20))
    await atRunTime.ask('POST', '/v1/faults', { ...fault, seed: 8 })
    assert.notEqual(await faulty(`${atRunTime.url}/a`, 60), first)
  })
})

suite('the wait before an answer, across sockets', () => {
  const waited = async (url: string): Promise<number> => {
    const begun = performance.now()
    assert.equal((await fetch(url)).status, 200)
    return performance.now() - begun
  }
  // Timers of Node may be a millisecond early.
  const atLeast = async (ms: number, url: string): Promise<void> => {
    const took = await waited(url)
    assert.ok(took >= ms - 1, `${took} ms`)
  }

  test('is that of a delay: fixed, between two, or around a mean', async (t) => {
    const { url, ask } = await aReplay(t, { pairs: [A] })
    for (const [delayMs, least] of [
      [150, 150],
      [{ min: 120, max: 140 }, 120],
      [{ mean: 300, deviation: 10 }, 200],
    ] as const) {
      await ask('POST', '/v1/faults', { kind: 'delay', delayMs })
      await atLeast(least, `${url}/a`)
      await ask('DELETE', '/v1/faults')
    }
  })

  test('is the recorded time to the first byte with a latency, so many times as fast, and nothing without', async (t) => {
    const slow = { ...A, firstByteMs: 240, tookMs: 250 }
    const recorded = await aReplay(t, { pairs: [slow], latency: 1 })
    await atLeast(240, `${recorded.url}/a`)
    const faster = await aReplay(t, { pairs: [slow], latency: 2 })
    await atLeast(120, `${faster.url}/a`)
    // An hour would be more than the test has.
    const none = await aReplay(t, { pairs: [{ ...A, firstByteMs: 3_600_000, tookMs: 3_600_000 }] })
    await waited(`${none.url}/a`)
  })
})
