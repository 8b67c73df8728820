import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MOST_CONTENTS } from '../../src/respond/known-contents.ts'
import { knownQuestions } from '../../src/respond/known-questions.ts'
import { aRequest } from '../support/a-pair.ts'

suite('known questions', () => {
  test('are found once, each by its method, authority, target and backend', () => {
    const asked: string[] = []
    const find = knownQuestions(({ method, authority, target }, origin) => {
      asked.push([origin, method, authority, target].join(' | '))
      return asked.length
    })
    const requests = [
      aRequest({ target: '/a' }),
      aRequest({ target: '/b' }),
      aRequest({ target: '/a', method: 'HEAD' }),
      aRequest({ target: '/a', authority: 'other' }),
      aRequest({ authority: 'x', target: 'y z' }),
      aRequest({ authority: 'x y', target: 'z' }),
    ]
    const ask = (): number[] => requests.flatMap((one) => [find(one, undefined), find(one, 'http://a')])
    const first = ask()
    assert.equal(new Set(first).size, requests.length * 2)
    assert.deepEqual(ask(), first)
    assert.equal(asked.length, requests.length * 2)
  })

  test('with content are found once, each by its content and its type besides', () => {
    let asked = 0
    const find = knownQuestions(() => (asked += 1))
    const typed = (type: string, body: string, target = '/a') =>
      aRequest({ method: 'POST', target, headers: [['content-TYPE', type]], body })
    const requests = [
      aRequest({ method: 'POST', target: '/a', body: 'a=1&b=2' }),
      typed('text/plain', 'a=1&b=2'),
      typed('application/x-www-form-urlencoded', 'a=1&b=2'),
      typed('application/x-www-form-urlencoded', 'b=2&a=1'),
      typed('plain', 'a=1&b=2', '/a text/'),
      typed('text/plain', 'a=1&b=2', '/b'),
      ...Array.from({ length: 3000 }, (_, at) => typed('text/plain', String(at))),
    ]
    const ask = (): number[] => requests.flatMap((one) => [find(one, undefined), find(one, 'http://a')])
    const first = ask()
    assert.equal(new Set(first).size, requests.length * 2)
    assert.deepEqual(ask(), first)
    assert.equal(asked, requests.length * 2)
  })

  test('are looked for again when they were not found, are long, or have content in a coding', () => {
    let calls = 0
    const find = knownQuestions(() => {
      calls += 1
      return calls % 3 === 0 ? 7 : -1
    })
    for (const request of [aRequest(), aRequest({ body: 'x' })]) {
      assert.deepEqual(
        [1, 2, 3, 4].map(() => find(request, undefined)),
        [-1, -1, 7, 7],
      )
    }
    assert.equal(calls, 6)
    const always = knownQuestions(() => (calls += 1))
    for (const request of [
      aRequest({ target: `/${'x'.repeat(600)}` }),
      aRequest({ body: 'x'.repeat(100_000) }),
      aRequest({ body: 'x', headers: [['Content-Type', 'x'.repeat(600)]] }),
      aRequest({ body: 'x', headers: [['content-encoding', 'br']] }),
    ]) {
      assert.notEqual(always(request, undefined), always(request, undefined))
    }
  })

  test('are forgotten when there are too many, and found anew', () => {
    let calls = 0
    const find = knownQuestions(() => (calls += 1))
    for (let at = 0; at <= 5000; at += 1) find(aRequest({ target: `/${at}` }), undefined)
    find(aRequest({ target: '/0' }), undefined)
    assert.equal(calls, 5002)
    for (let at = 0; at <= MOST_CONTENTS; at += 1) find(aRequest({ body: String(at) }), undefined)
    find(aRequest({ body: '0' }), undefined)
    assert.equal(calls, 5002 + MOST_CONTENTS + 2)
  })
})
