import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
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

  test('are looked for again when they were not found, have content, or are long', () => {
    let calls = 0
    const find = knownQuestions(() => {
      calls += 1
      return calls < 3 ? -1 : 7
    })
    assert.deepEqual(
      [1, 2, 3, 4].map(() => find(aRequest(), undefined)),
      [-1, -1, 7, 7],
    )
    assert.equal(calls, 3)
    for (const request of [aRequest({ body: 'x' }), aRequest({ target: `/${'x'.repeat(600)}` })]) {
      find(request, undefined)
      find(request, undefined)
    }
    assert.equal(calls, 7)
  })

  test('are forgotten when there are too many, and found anew', () => {
    let calls = 0
    const find = knownQuestions(() => (calls += 1))
    for (let at = 0; at <= 5000; at += 1) find(aRequest({ target: `/${at}` }), undefined)
    find(aRequest({ target: '/0' }), undefined)
    assert.equal(calls, 5002)
  })
})
