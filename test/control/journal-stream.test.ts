import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { EventSource } from 'eventsource'
import { journalEvents } from '../../src/control/journal-events.ts'
import { createJournal, type Journal } from '../../src/respond/journal.ts'
import { aRequest, aResponse } from '../support/a-pair.ts'
import { rawClient } from '../support/raw-socket.ts'
import { aReplay } from './support/a-replay.ts'

suite('the journal as a stream', () => {
  test('tells of requests as they are answered, and resumes where a reader was', async (t) => {
    const { url, control } = await aReplay(t)
    const first = await reader(t, `${control}/v1/journal/stream`)
    await fetch(`${url}/`)
    await fetch(`${url}/miss`)
    assert.deepEqual(
      [await first.next(), await first.next()].map(({ id, verdict }) => [id, verdict]),
      [
        ['1', 'hit'],
        ['2', 'miss'],
      ],
    )
    first.source.close()
    await fetch(`${url}/again`)
    const resumed = await reader(t, `${control}/v1/journal/stream`, '1')
    assert.deepEqual([(await resumed.next()).id, (await resumed.next()).id], ['2', '3'])
  })

  test('ends when the replay stops', async (t) => {
    const { control, replaying } = await aReplay(t)
    const { body, headers } = await fetch(`${control}/v1/journal/stream`)
    assert.equal(headers.get('content-type'), 'text/event-stream')
    const whole = new Response(body).text()
    await replaying.stop()
    assert.equal(await whole, 'retry: 1000\n\n')
  })

  test('is refused to more readers than it has room for, until one goes', async (t) => {
    const { control } = await aReplay(t)
    const gone = new AbortController()
    const open = await Promise.all(
      Array.from({ length: 32 }, () => fetch(`${control}/v1/journal/stream`, { signal: gone.signal })),
    )
    assert.ok(open.every(({ status }) => status === 200))
    const refused = await fetch(`${control}/v1/journal/stream`)
    assert.equal(refused.status, 503)
    assert.match(await refused.text(), /"code":"TOO_MANY_STREAMS"/)
    gone.abort()
    // The listener hears of the ends one by one.
    let status = 503
    const late = AbortSignal.timeout(60_000)
    while (status !== 200) {
      late.throwIfAborted()
      const again = await fetch(`${control}/v1/journal/stream`)
      status = again.status
      await again.body?.cancel()
    }
  })

  test('to HEAD has its head only', async (t) => {
    const { control } = await aReplay(t)
    const reply = await fetch(`${control}/v1/journal/stream`, { method: 'HEAD' })
    assert.deepEqual([reply.status, await reply.text()], [200, ''])
  })

  test('cuts a reader that is slower than the requests, tells it so, and holds no more memory for it', async (t) => {
    const target = `/${'long/'.repeat(180)}`
    const { url, control } = await aReplay(t, { pairs: [{ request: { target } }] })
    const client = await rawClient(t, Number(new URL(control).port))
    client.send(`GET /v1/journal/stream HTTP/1.1\r\nHost: ${new URL(control).host}\r\n\r\n`)
    await client.until('retry: 1000')
    client.socket.pause()
    await askMany(t, url, target, REQUESTS)
    client.socket.resume()
    const text = await client.until(/event: cut\ndata: .*\n\n/)
    assert.match(text, /event: cut\ndata: \{"lost":\d+,"first":\d+\}\n\n/)
    // What was sent before is what the sockets held, and whole.
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    assert.deepEqual(
      ids,
      ids.map((_, at) => at + 1),
    )
    assert.ok(ids.length < REQUESTS - 4096)
  })
})

/** More entries than the sockets of a stream and the journal hold. */
const REQUESTS = 20_000

suite('events', () => {
  test('tell a reader that took its time too long how much was lost, and end', async () => {
    const journal = journalOf(3, 1)
    const stream = journalEvents(journal, 0)(new AbortController().signal)[Symbol.asyncIterator]()
    await stream.next()
    assert.match(String((await stream.next()).value), /^id: 1\n/)
    fill(journal, 5)
    assert.equal(String((await stream.next()).value), 'event: cut\ndata: {"lost":2,"first":4}\n\n')
    assert.equal((await stream.next()).done, true)
  })

  test('tell who asks for what is gone how much was lost, and go on from there', async () => {
    const journal = journalOf(3, 5)
    const { events } = await read(journal, 0, 5)
    assert.deepEqual(events, [
      'retry: 1000',
      'event: lost\ndata: {"lost":2,"first":3}',
      ...[3, 4, 5].map((number) => `id: ${number}`),
    ])
  })

  test('tell that the journal was cleared', async () => {
    const journal = journalOf(10, 2)
    const stream = journalEvents(journal, 2)(new AbortController().signal)[Symbol.asyncIterator]()
    await stream.next()
    const next = stream.next()
    journal.clear()
    fill(journal, 1)
    assert.match(String((await next).value), /^id: 3\n/)
    journal.clear()
    fill(journal, 1)
    journal.clear()
    fill(journal, 1)
    assert.equal(String((await stream.next()).value), 'event: reset\ndata: {"after":4}\n\n')
  })

  test('from a number that is yet to come begin with what comes next', async () => {
    const journal = journalOf(10, 2)
    const stream = journalEvents(journal, 900)(new AbortController().signal)[Symbol.asyncIterator]()
    await stream.next()
    const next = stream.next()
    fill(journal, 1)
    assert.match(String((await next).value), /^id: 3\n/)
  })

  test('end when the reader has gone', async () => {
    const journal = journalOf(10, 0)
    const gone = new AbortController()
    const stream = journalEvents(journal, undefined)(gone.signal)[Symbol.asyncIterator]()
    await stream.next()
    const next = stream.next()
    gone.abort()
    await next
    assert.equal((await stream.next()).done, true)
  })
})

function journalOf(capacity: number, entries: number): Journal {
  const journal = createJournal(() => 0, capacity)
  fill(journal, entries)
  return journal
}

function fill(journal: Journal, entries: number): void {
  for (let at = 0; at < entries; at += 1) {
    journal.note('', aRequest(), { kind: 'hit', pair: 1, response: aResponse() }, 0)
  }
}

/** The first line of each entry, and all of every other event. */
async function read(journal: Journal, after: number, last: number): Promise<{ events: readonly string[] }> {
  const events: string[] = []
  for await (const piece of journalEvents(journal, after)(new AbortController().signal)) {
    const blocks = Buffer.from(piece).toString().split('\n\n').slice(0, -1)
    events.push(...blocks.map((block) => (block.startsWith('id:') ? (block.split('\n')[0] ?? '') : block)))
    if (events.at(-1) === `id: ${last}`) break
  }
  return { events }
}

interface Read {
  readonly id: string
  readonly verdict: unknown
}

async function reader(t: TestContext, url: string, lastEventId?: string) {
  const source = new EventSource(url, {
    fetch: (target, init) =>
      fetch(target, {
        ...init,
        headers: { ...init.headers, ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }) },
      }),
  })
  t.after(() => source.close())
  const waiting: ((read: Read) => void)[] = []
  const arrived: Read[] = []
  source.addEventListener('entry', ({ lastEventId: id, data }) => {
    const { verdict } = JSON.parse(String(data)) as { verdict: unknown }
    const resolve = waiting.shift()
    if (resolve === undefined) arrived.push({ id, verdict })
    else resolve({ id, verdict })
  })
  await once(source, 'open')
  const next = (): Promise<Read> => {
    const ready = arrived.shift()
    return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready)
  }
  return { source, next }
}

/** Asks on one connection, without waiting for answers. */
async function askMany(t: TestContext, url: string, target: string, times: number): Promise<void> {
  const { host, port } = new URL(url)
  const client = await rawClient(t, Number(port))
  const request = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n`
  client.send(`${request}\r\n`.repeat(times - 1))
  client.send(`${request}Connection: close\r\n\r\n`)
  await client.closed()
}
