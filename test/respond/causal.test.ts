import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RRPair } from '../../src/core/pair.ts'
import { aPair, type PairFields, type RequestFields } from '../support/a-pair.ts'
import { aPlan, nearestTo, pairFor } from '../support/a-plan.ts'

const MATCH = '{ sequence: causal }'

/** `GET /items`, `POST /items {"n":1} 201 /items/7`: method, path, body, status, Location. */
function recording(...lines: readonly string[]): readonly RRPair[] {
  return lines.map((line, index) => {
    const { method, target, body, status, location } = read(line)
    const response: PairFields['response'] = {
      status,
      headers: location === undefined ? [] : [['Location', location]],
      body: '',
    }
    return aPair({ id: index + 1, request: { method, target, body }, response })
  })
}

function read(line: string) {
  const [, method = '', target = '', body = '', status = '200', location] =
    /^(\S+) (\S+)(?: (\{.*\}))?(?: (\d+))?(?: (\S+))?$/.exec(line) ?? []
  return { method, target, body, status: Number(status), location }
}

/** Which pairs answer these requests, in this order. */
function replayed(pairs: readonly RRPair[], ...lines: readonly string[]): readonly number[] {
  const plan = aPlan(MATCH, ...pairs)
  return lines.map((line) => pairFor(plan, read(line)))
}

suite('with sequence: causal', () => {
  const put = recording('GET /x', 'PUT /x {"v":1}', 'GET /x', 'PUT /x {"v":2}', 'GET /x')

  test('a read answers what was recorded after the write before it, and before it what was recorded first', () => {
    assert.deepEqual(
      replayed(put, 'GET /x', 'PUT /x {"v":1}', 'GET /x', 'PUT /x {"v":2}', 'GET /x'),
      [1, 2, 3, 4, 5],
    )
    assert.deepEqual(replayed(put, 'GET /x', 'GET /x', 'GET /x'), [1, 1, 1])
  })

  test('a write that replaces the whole needs none before it, and can be taken back', () => {
    assert.deepEqual(replayed(put, 'PUT /x {"v":2}', 'GET /x', 'PUT /x {"v":1}', 'GET /x'), [4, 5, 2, 3])
  })

  test('a list shows what was added to it, in whatever order', () => {
    const items = recording(
      'GET /items',
      'POST /items {"n":"a"} 201 /items/1',
      'GET /items',
      'POST /items {"n":"b"} 201 /items/2',
      'GET /items',
      'DELETE /items/1 204',
      'GET /items',
    )
    const [a, b] = ['POST /items {"n":"a"}', 'POST /items {"n":"b"}']
    assert.deepEqual(replayed(items, 'GET /items', a, 'GET /items', b, 'GET /items'), [1, 2, 3, 4, 5])
    // After b alone nothing was recorded: the newest state that is known is the empty list.
    assert.deepEqual(replayed(items, b, 'GET /items', a, 'GET /items'), [4, 1, 2, 5])
    assert.deepEqual(replayed(items, a, b, 'DELETE /items/1', 'GET /items'), [2, 4, 6, 7])
  })

  test('an item is there after the POST that says so in Location, and gone after its DELETE', () => {
    const item = recording(
      'GET /items/1 404',
      'POST /items {"n":"a"} 201 /items/1',
      'GET /items/1',
      'PATCH /items/1 {"n":"b"}',
      'GET /items/1?full=1',
      'GET /items/1',
      'DELETE /items/1 204',
      'GET /items/1 404',
    )
    const steps = [
      'GET /items/1',
      'POST /items {"n":"a"}',
      'GET /items/1',
      'GET /items/1',
      'PATCH /items/1 {"n":"b"}',
    ]
    assert.deepEqual(
      replayed(item, ...steps, 'GET /items/1', 'DELETE /items/1', 'GET /items/1'),
      [1, 2, 3, 3, 4, 6, 7, 8],
    )
  })

  test('writes elsewhere and writes that were refused change nothing', () => {
    const pairs = recording('GET /x', 'PUT /y {"v":1}', 'PUT /x {"v":1} 409', 'POST /login {"u":1}', 'GET /x')
    assert.deepEqual(replayed(pairs, 'GET /x', 'GET /x', 'PUT /x {"v":1}', 'GET /x'), [1, 5, 3, 5])
  })

  test('repeats between two writes play in recorded order', () => {
    const poll = recording(
      'POST /jobs/1/start {}',
      'GET /jobs/1',
      'GET /jobs/1',
      'POST /jobs/1/stop {}',
      'GET /jobs/1',
    )
    const get = 'GET /jobs/1'
    assert.deepEqual(
      replayed(poll, 'POST /jobs/1/start {}', get, get, get, 'POST /jobs/1/stop {}', get),
      [1, 2, 3, 3, 4, 5],
    )
  })

  test('a read whose every answer came after a write that did not happen is a miss that names the write', () => {
    const plan = aPlan(MATCH, ...recording('PUT /x {"v":1}', 'GET /x'))
    const near = nearestTo(plan, read('GET /x'))
    assert.equal(near?.cause, 'order')
    assert.deepEqual(
      near?.differs.map(({ recorded, asked }) => [recorded, asked]),
      [['after PUT /x (pair 1)', 'before it']],
    )
    assert.equal(pairFor(plan, read('PUT /x {"v":1}')), 1)
    assert.equal(pairFor(plan, read('GET /x')), 2)
  })

  test('reset takes every write back', () => {
    const plan = aPlan(MATCH, ...put)
    pairFor(plan, read('PUT /x {"v":1}'))
    plan.reset()
    assert.equal(pairFor(plan, read('GET /x')), 1)
  })

  test('sessions are worlds apart, in the recording as in the replay', () => {
    const cookie = (sid: string): RequestFields => ({ headers: [['Cookie', `sid=${sid}`]] })
    const pairs = recording('PUT /cart {"v":1}', 'PUT /cart {"v":2}', 'GET /cart', 'GET /cart').map(
      (pair, index) => ({
        ...pair,
        request: { ...pair.request, ...cookie(index % 2 === 0 ? 'r1' : 'r2'), body: pair.request.body },
      }),
    )
    const plan = aPlan('{ sequence: causal, session: cookie sid }', ...pairs)
    const ask = (sid: string, line: string): number => pairFor(plan, { ...read(line), ...cookie(sid) })
    assert.deepEqual([ask('p', 'PUT /cart {"v":2}'), ask('q', 'PUT /cart {"v":1}')], [2, 1])
    assert.deepEqual([ask('p', 'GET /cart'), ask('q', 'GET /cart')], [4, 3])
  })
})
