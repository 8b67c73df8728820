import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { suite, test, type TestContext } from 'node:test'
import type { ReplayOptions } from '../../src/app/replay-options.ts'
import { growthWithLoad } from '../../src/app/workers/growth.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { aCrew, numbered } from '../support/a-crew.ts'
import { aPair } from '../support/a-pair.ts'

suite('a replay that starts workers as there is use for them', () => {
  test('is one process while it is not busy, and while few ask, however busy it is', async (t) => {
    const { replaying, ask, look, control } = await aGrowingCrew(t, 3, PAIRS)
    look(1)
    await ask(63)
    look(1)
    await ask(64)
    look(0.79)
    await replaying.workers.joined()
    assert.deepEqual(replaying.workers.pids(), [])
    assert.equal((await control('GET', '/ready')).value.processes, 1)
    assert.match((await control('GET', '/metrics')).text, /^reseal_processes 1$/m)
  })

  test('is one more each time it is busy, up to the most, and never while one is joining', async (t) => {
    const { replaying, ask, look, control, lines } = await aGrowingCrew(t, 3, PAIRS)
    const started = (): number => lines.filter((line) => /^worker \d+ starts, since/.test(line)).length
    for (const wanted of [1, 2, 2]) {
      await ask(64)
      look(0.8)
      await ask(64)
      look(1)
      assert.equal(started(), wanted)
      await replaying.workers.joined()
      assert.equal(replaying.workers.pids().length, wanted)
      assert.equal((await control('GET', '/ready')).value.processes, wanted + 1)
    }
    assert.match((await control('GET', '/metrics')).text, /^reseal_processes 3$/m)
    assert.equal((await control('GET', '/v1/journal')).value.processes, 3)
  })

  test('has those that are connected come anew, with an answer that says so, and shares them out', async (t) => {
    const { replaying, ask, get, look } = await aGrowingCrew(t, 2, PAIRS)
    const agents = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
    t.after(() => agents.forEach((agent) => agent.destroy()))
    for (const agent of agents) assert.equal((await get('/a', {}, agent)).connection, 'keep-alive')
    await ask(64)
    look(1)
    await replaying.workers.joined()
    for (const agent of agents) assert.equal((await get('/a', {}, agent)).connection, 'close')
    for (const agent of agents) assert.equal((await get('/a', {}, agent)).connection, 'keep-alive')
    const sockets = agents.flatMap(({ freeSockets }) =>
      Object.values(freeSockets).flatMap((free) => free ?? []),
    )
    assert.equal(sockets.length, 2)
    const closed = sockets.map(
      (socket) => new Promise<void>((resolve) => void socket.once('close', () => resolve())),
    )
    const [pid = 0] = replaying.workers.pids()
    process.kill(pid, 'SIGKILL')
    await Promise.race(closed)
    const left = agents.flatMap(({ freeSockets }) => Object.values(freeSockets).flatMap((free) => free ?? []))
    assert.equal(left.length, 1)
  })

  test('leaves them where they are told apart by their connections', async (t) => {
    const pairs = [...numbered('/next', 3), aPair({ id: 9, request: { target: '/a' } })]
    const yaml = 'match: { session: connection }\n'
    const { replaying, ask, get, look } = await aGrowingCrew(t, 2, pairs, yaml)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    assert.equal((await get('/next', {}, agent)).body, '1')
    await ask(64)
    look(1)
    await replaying.workers.joined()
    assert.equal(replaying.workers.pids().length, 1)
    for (const wanted of ['2', '3']) {
      const { body, connection } = await get('/next', {}, agent)
      assert.deepEqual([body, connection], [wanted, 'keep-alive'])
    }
  })

  test('loses nothing and reorders nothing for a client while one joins', async (t) => {
    const pairs = [...numbered('/next', 500), aPair({ id: 501, request: { target: '/a' } })]
    const { replaying, ask, get, look, control } = await aGrowingCrew(t, 3, pairs)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    let asked = 0
    const next = async (): Promise<void> => {
      asked += 1
      assert.equal((await get('/next', {}, agent)).body, String(asked))
    }
    for (const most of [240, 480]) {
      // What was asked until now is looked at no more.
      look(0)
      await ask(64)
      look(1)
      let hasJoined = false
      const joined = replaying.workers.joined().then(() => {
        hasJoined = true
      })
      const goesOn = (): boolean => !hasJoined && asked < most
      do await next()
      while (goesOn())
      await joined
      for (let more = 0; more < 4; more += 1) await next()
    }
    assert.equal(replaying.workers.pids().length, 2)
    const { entries } = (await control('GET', '/v1/journal?limit=1000')).value
    const turns = entries.filter(({ target }: { target: string }) => target === '/next')
    assert.deepEqual(
      turns.map(({ pair }: { pair: number }) => pair),
      Array.from({ length: asked }, (_, at) => at + 1),
    )
  })

  test('starts none for what one process alone can answer', async (t) => {
    const yaml = 'responder: [{ extractor: { http_req_query: id }, transforms: [map] }]\n'
    const keyed = [aPair({ request: { target: '/a?id=order-111' }, response: { body: 'order-111' } })]
    for (const { pairs, document, target } of [
      { pairs: numbered('/a', 200), document: '', target: '/a' },
      { pairs: PAIRS, document: '', target: '/unknown' },
      { pairs: PAIRS, document: 'match: { sequence: once }\n', target: '/a' },
      { pairs: PAIRS, document: 'match: { authorize: true }\n', target: '/a' },
      { pairs: keyed, document: yaml, target: '/a?id=order-111' },
    ]) {
      const { replaying, ask, look } = await aGrowingCrew(t, 3, pairs, document)
      await ask(64, target)
      look(1)
      await replaying.workers.joined()
      assert.deepEqual(replaying.workers.pids(), [], `${document}${target}`)
      await replaying.stop()
    }
  })

  test('stops while one is joining, which is gone then', async (t) => {
    const { replaying, ask, look, starting } = await aGrowingCrew(t, 2, PAIRS)
    await ask(64)
    look(1)
    const pid = starting()
    const { hits } = await replaying.stop()
    assert.equal(hits, 64)
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    look(1)
    await replaying.workers.joined()
    assert.deepEqual(replaying.workers.pids(), [])
  })

  test('loads anew while one is joining, which then answers from what was loaded', async (t) => {
    const { replaying, ask, get, look, control, write } = await aGrowingCrew(t, 2, PAIRS, '', {
      watch: false,
    })
    await ask(64)
    look(1)
    for (const version of [2, 3]) {
      write(`version: 1\nresponder: [{ extractor: http_res_body, transforms: [{ set: "v${version}" }] }]\n`)
      assert.equal((await control('POST', '/v1/reload')).value.revision, version)
    }
    await replaying.workers.joined()
    assert.equal(replaying.workers.pids().length, 1)
    for (let at = 0; at < 4; at += 1) assert.equal((await get('/a')).body, 'v3')
  })

  test('goes on when one dies as it joins, and starts another once there is use for it again', async (t) => {
    const { replaying, ask, get, look, starting, line } = await aGrowingCrew(t, 2, PAIRS)
    await ask(64)
    look(1)
    const pid = starting()
    process.kill(pid, 'SIGKILL')
    await line(`worker ${pid} ended (SIGKILL); another one is started when there is use for it`)
    assert.deepEqual(replaying.workers.pids(), [])
    assert.equal((await get('/a')).status, 200)
    await ask(64)
    look(1)
    await replaying.workers.joined()
    assert.equal(replaying.workers.pids().length, 1)
    assert.notEqual(replaying.workers.pids()[0], pid)
  })

  test('starts none for a while when six have died within a minute', async (t) => {
    const { replaying, ask, look, starting, line } = await aGrowingCrew(t, 2, PAIRS)
    for (let death = 1; death <= 6; death += 1) {
      await ask(64)
      look(1)
      const pid = starting()
      process.kill(pid, 'SIGKILL')
      const next =
        death < 6
          ? 'another one is started when there is use for it'
          : 'none is started for a while, after 5 that ended within a minute'
      await line(`worker ${pid} ended (SIGKILL); ${next}`)
    }
    await ask(64)
    look(1)
    await replaying.workers.joined()
    assert.deepEqual(replaying.workers.pids(), [])
  })

  test('is one process in a library that does not say, and where there are no cores to spare', async (t) => {
    for (const workers of [undefined, growthWithLoad(2)]) {
      const { replaying, control } = await aCrew(t, workers, PAIRS)
      assert.equal(replaying.workers.most, 0)
      assert.equal((await control('GET', '/ready')).value.processes, 1)
    }
  })
})

suite('the load of a process', () => {
  test('lets one core be for whoever asks', () => {
    assert.deepEqual(
      [1, 2, 3, 8, 200].map((cores) => growthWithLoad(cores).most),
      [1, 1, 2, 7, 64],
    )
  })

  test('is told once a second, as the share of it in which something was done', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const told: number[] = []
    const stop = growthWithLoad(4).watch((busy) => told.push(busy))
    const until = performance.now() + 20
    while (performance.now() < until);
    t.mock.timers.tick(1000)
    stop()
    t.mock.timers.tick(1000)
    assert.equal(told.length, 1)
    assert.ok((told[0] ?? 0) > 0.9 && (told[0] ?? 2) <= 1, String(told))
  })
})

const PAIRS = [aPair({ request: { target: '/a' } })]

/** @param most processes at most */
async function aGrowingCrew(
  t: TestContext,
  most: number,
  pairs: readonly RRPair[],
  yaml = '',
  options: Partial<ReplayOptions> = {},
) {
  let told = (_busy: number): void => {}
  const lines: string[] = []
  let heard = (): void => {}
  const watch = (look: typeof told): (() => void) => {
    told = look
    return () => {
      told = () => {}
    }
  }
  const crew = await aCrew(t, { most, watch }, pairs, yaml, {
    onLog: (line) => {
      lines.push(line)
      heard()
    },
    ...options,
  })
  return {
    ...crew,
    lines,
    /** As the clock does each second. */
    look: (busy: number) => told(busy),
    /** So many requests to the first process, since connections go to each in turn. */
    ask: async (count: number, target = '/a') => {
      const requests = count * (1 + crew.replaying.workers.pids().length)
      for (let at = 0; at < requests; at += 1) await crew.get(target)
    },
    /** The process id of the worker that was started last. */
    starting: (): number => Number(/^worker (\d+) starts, since/.exec(lines.at(-1) ?? '')?.[1]),
    /** Resolves when it was logged. */
    line: async (wanted: string) => {
      while (!lines.includes(wanted)) await new Promise<void>((resolve) => (heard = resolve))
    },
  }
}
