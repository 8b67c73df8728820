import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { HttpResponse } from '../../src/core/exchange.ts'
import { createJournal, type Journal } from '../../src/respond/journal.ts'
import { createMissBook, MISS_GROUPS } from '../../src/respond/miss-book.ts'
import { aRequest, aResponse } from '../support/a-pair.ts'

const AT = 1_800_000_000_000
const NEVER = new AbortController().signal

function hit(journal: Journal, target: string, response: HttpResponse | Promise<HttpResponse> = aResponse()) {
  const answer = { kind: 'hit', pair: 7, response } as const
  journal.note('http://127.0.0.1:1', aRequest({ target }), answer, performance.now())
}

function targets(journal: Journal, number = 0, most = 100): readonly string[] {
  return journal.after(number, most).map(({ target }) => target)
}

suite('a journal', () => {
  test('tells of a request what became of it', () => {
    const journal = createJournal(() => AT)
    hit(journal, '/a?token=secret', aResponse({ status: 201 }))
    const [entry] = journal.after(0, 1)
    assert.ok(typeof entry?.tookMs === 'number' && entry.tookMs >= 0 && entry.tookMs < 60_000)
    assert.deepEqual(
      { ...entry, tookMs: 0 },
      {
        number: 1,
        at: AT,
        listener: 'http://127.0.0.1:1',
        method: 'GET',
        target: '/a?token=(masked)',
        verdict: 'hit',
        pair: 7,
        nearest: undefined,
        faults: undefined,
        status: 201,
        tookMs: 0,
      },
    )
  })

  test('holds the newest and numbers them without gaps', () => {
    const journal = createJournal(() => AT, 3)
    for (const target of ['/1', '/2', '/3', '/4', '/5']) hit(journal, target)
    assert.deepEqual([journal.first, journal.last], [3, 5])
    assert.deepEqual(targets(journal), ['/3', '/4', '/5'])
    assert.deepEqual(targets(journal, 4), ['/5'])
    assert.deepEqual(targets(journal, 0, 2), ['/3', '/4'])
    assert.deepEqual(targets(journal, 5), [])
  })

  test('has what came near a miss and the faults of an answer in their own entries alone', () => {
    const journal = createJournal(() => AT, 2)
    const response = aResponse({ status: 503 })
    journal.note('', aRequest(), { kind: 'miss', near: [], response }, 0)
    journal.note('', aRequest(), { kind: 'fault', faults: ['1'], response }, 0)
    const details = () => journal.after(0, 2).map(({ nearest, faults, pair }) => [nearest, faults, pair])
    assert.deepEqual(details(), [
      [[], undefined, undefined],
      [undefined, ['1'], undefined],
    ])
    hit(journal, '/3')
    hit(journal, '/4')
    assert.deepEqual(details(), [
      [undefined, undefined, 7],
      [undefined, undefined, 7],
    ])
  })

  test('numbers go on after it was cleared', () => {
    const journal = createJournal(() => AT, 3)
    hit(journal, '/1')
    journal.clear()
    assert.deepEqual([targets(journal), journal.first, journal.last], [[], 2, 1])
    hit(journal, '/2')
    assert.deepEqual([targets(journal), journal.first, journal.last], [['/2'], 2, 2])
  })

  test('has an answer that takes time when it is there, and one that fails as a failure', async () => {
    const journal = createJournal(() => AT)
    const late = Promise.withResolvers<HttpResponse>()
    const failing = Promise.withResolvers<HttpResponse>()
    hit(journal, '/late', late.promise)
    hit(journal, '/failing', failing.promise)
    hit(journal, '/third')
    assert.deepEqual(targets(journal), ['/third'])
    late.resolve(aResponse({ status: 202 }))
    await late.promise
    failing.reject(new Error('no key'))
    await assert.rejects(failing.promise)
    assert.deepEqual(
      journal.after(0, 3).map(({ target, verdict, status, pair }) => [target, verdict, status, pair]),
      [
        ['/third', 'hit', 200, 7],
        ['/late', 'hit', 202, 7],
        ['/failing', 'failed', 500, undefined],
      ],
    )
  })

  test('has no half of a secret where a long target was cut', () => {
    const journal = createJournal(() => AT)
    hit(journal, `/a?b=${'c'.repeat(1000)}&session=${'s'.repeat(100)}`)
    assert.deepEqual(targets(journal), ['/a?b=(masked)&…'])
    hit(journal, 'x'.repeat(5000))
    assert.equal(targets(journal, 1)[0], '…')
  })

  test('lets those that wait go at the next entry, at the end of their patience, at a signal, and at its own end', async () => {
    const journal = createJournal(() => AT)
    const waiting = journal.next(0, 60_000, NEVER)
    hit(journal, '/1')
    await waiting
    await journal.next(0, 60_000, NEVER)
    const stop = new AbortController()
    const ended = journal.next(1, 60_000, stop.signal)
    stop.abort()
    await ended
    await journal.next(1, 1, NEVER)
    const last = journal.next(1, 60_000, NEVER)
    journal.close()
    await last
    await journal.next(1, 60_000, NEVER)
  })
})

suite('misses', () => {
  const near = (pair: number, ...fields: string[]) => [
    {
      pair,
      method: 'GET',
      target: '/',
      complete: true,
      cause: 'value' as const,
      differs: fields.map((field) => ({ field, recorded: 'a', asked: 'b', cause: 'value' as const })),
    },
  ]

  test('of one mistake are one group, the most frequent first', () => {
    let now = AT
    const misses = createMissBook(() => (now += 1))
    misses.note(aRequest({ target: '/x' }), near(3, 'method'))
    misses.note(aRequest({ target: '/a?ts=1' }), near(1, 'query ts'))
    misses.note(aRequest({ target: '/a?ts=2' }), near(1, 'query ts'))
    assert.deepEqual(
      misses.groups().map(({ count, target, firstAt, lastAt }) => [count, target, firstAt - AT, lastAt - AT]),
      [
        [2, '/a?ts=2', 2, 3],
        [1, '/x', 1, 1],
      ],
    )
  })

  test('of more groups than are kept are counted still', () => {
    const misses = createMissBook(() => AT)
    for (let at = 0; at <= MISS_GROUPS; at += 1) misses.note(aRequest({ target: `/${at}` }), [])
    assert.equal(misses.groups().length, MISS_GROUPS)
    assert.equal(misses.forgotten, 1)
    assert.ok(!misses.groups().some(({ target }) => target === '/0'))
  })
})
