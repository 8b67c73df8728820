import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import type { RRPair } from '../../src/core/pair.ts'
import { MAX_SESSIONS } from '../../src/respond/sessions.ts'
import { aPair, type RequestFields } from '../support/a-pair.ts'
import { aPlan, nearestTo, pairFor, pairsFor } from '../support/a-plan.ts'

function bearer(claims: object, iat = 1): RequestFields {
  const token = jsonwebtoken.sign({ iss: 'https://idp', aud: 'api', ...claims, iat }, 's'.repeat(32))
  return { headers: [['Authorization', `Bearer ${token}`]] }
}

function basic(name: string, password: string): RequestFields {
  const credentials = Buffer.from(`${name}:${password}`).toString('base64')
  return { headers: [['Authorization', `Basic ${credentials}`]] }
}

const asked = (id: number, request: RequestFields = {}): RRPair => aPair({ id, request })

suite('repeats', () => {
  const three = [asked(1), asked(2), asked(3)]

  test('end with the last, begin again, or end in a miss', () => {
    assert.deepEqual(pairsFor(aPlan('{}', ...three), 5, {}), [1, 2, 3, 3, 3])
    assert.deepEqual(pairsFor(aPlan('{ sequence: loop }', ...three), 5, {}), [1, 2, 3, 1, 2])
    assert.deepEqual(pairsFor(aPlan('{ sequence: once }', ...three), 5, {}), [1, 2, 3, 0, 0])
    assert.deepEqual(pairsFor(aPlan('{ sequence: once }', asked(1)), 2, {}), [1, 0])
  })

  test('end as the rule for their path says', () => {
    const match = '{ sequence: once, rules: [{ filters: { path: /poll }, sequence: loop }] }'
    const plan = aPlan(match, asked(1, { target: '/poll' }), asked(2, { target: '/poll' }), asked(3))
    assert.deepEqual(pairsFor(plan, 3, { target: '/poll' }), [1, 2, 1])
    assert.deepEqual(pairsFor(plan, 2, {}), [3, 0])
  })

  test('that are used up are a miss in which the order is wrong', () => {
    const plan = aPlan('{ sequence: once }', asked(1))
    pairFor(plan, {})
    assert.deepEqual(nearestTo(plan, {}), {
      pair: 1,
      method: 'GET',
      target: '/',
      complete: true,
      cause: 'order',
      differs: [
        {
          field: 'order',
          cause: 'order',
          set: { key: 'sequence', value: 'last' },
          recorded: 'asked once',
          asked: 'once more',
        },
      ],
    })
  })

  test('begin anew after a reset', () => {
    const plan = aPlan('{ sequence: once }', ...three)
    pairsFor(plan, 4, {})
    plan.reset()
    assert.deepEqual(pairsFor(plan, 4, {}), [1, 2, 3, 0])
  })
})

suite('a session', () => {
  const three = [asked(1), asked(2), asked(3)]

  test('is everybody, unless told otherwise', () => {
    const plan = aPlan('{}', ...three)
    assert.deepEqual(
      [{}, {}, {}].map((connection) => pairFor(plan, { connection })),
      [1, 2, 3],
    )
  })

  test('is a connection', () => {
    const plan = aPlan('{ session: connection }', ...three)
    const [a, b] = [{}, {}]
    assert.deepEqual(
      [a, b, a, b, a].map((connection) => pairFor(plan, { connection })),
      [1, 1, 2, 2, 3],
    )
  })

  test('is a cookie or a header, and whoever has none is everybody', () => {
    const cookie = (value: string): RequestFields => ({ headers: [['Cookie', `x=1; sid=${value}`]] })
    const cookies = aPlan('{ session: cookie sid }', ...three)
    assert.deepEqual(
      [cookie('a'), cookie('b'), cookie('a'), {}, {}, cookie('b')].map((fields) => pairFor(cookies, fields)),
      [1, 1, 2, 1, 2, 2],
    )
    const header = (value: string): RequestFields => ({ headers: [['x-TEST', value]] })
    const headers = aPlan('{ session: header X-Test }', ...three)
    assert.deepEqual(
      [header('a'), header('b'), header('a')].map((fields) => pairFor(headers, fields)),
      [1, 1, 2],
    )
  })

  test('is a claim of the bearer token, whichever token says it', () => {
    const plan = aPlan('{ session: jwt sub }', ...three)
    const users = [bearer({ sub: 'a' }), bearer({ sub: 'b' }), bearer({ sub: 'a' }, 99)]
    assert.deepEqual(
      users.map((fields) => pairFor(plan, fields)),
      [1, 1, 2],
    )
  })

  test('is forgotten when too many others have come since', () => {
    const plan = aPlan('{ session: header X-Test }', ...three)
    const from = (value: number): number => pairFor(plan, { headers: [['X-Test', String(value)]] })
    assert.equal(from(0), 1)
    for (let other = 1; other <= MAX_SESSIONS; other += 1) from(other)
    assert.equal(from(0), 1)
    assert.equal(from(MAX_SESSIONS), 2)
  })
})

suite('the subject', () => {
  const users = [
    asked(1, bearer({ sub: 'a' })),
    asked(2, bearer({ sub: 'b' })),
    asked(3, bearer({ sub: 'a', scope: 'admin' })),
    asked(4, bearer({ sub: 'b' }, 5)),
    asked(5),
  ]

  test('gets the answers recorded for it, in their order, whatever others ask between', () => {
    const plan = aPlan('{}', ...users)
    const order = [
      bearer({ sub: 'b' }),
      bearer({ sub: 'a' }),
      bearer({ sub: 'b' }, 7),
      bearer({ sub: 'b' }),
      {},
    ]
    assert.deepEqual(
      order.map((fields) => pairFor(plan, fields)),
      [2, 1, 4, 4, 5],
    )
  })

  test('goes by scope where that was recorded, else by person, else by name', () => {
    const plan = aPlan('{}', ...users)
    assert.equal(pairFor(plan, bearer({ sub: 'a', scope: 'admin' })), 3)
    assert.equal(pairFor(plan, bearer({ sub: 'b', scope: 'other' })), 2)
    assert.equal(pairFor(plan, bearer({ sub: 'b', iss: 'https://elsewhere' })), 2)
  })

  test('that was never recorded gets all answers in recorded order, or none where it is required', () => {
    assert.deepEqual(pairsFor(aPlan('{}', ...users), 6, bearer({ sub: 'c' })), [1, 2, 3, 4, 5, 5])
    const strict = aPlan('{ subject: require }', ...users)
    assert.equal(pairFor(strict, bearer({ sub: 'c' })), 0)
    assert.equal(pairFor(strict, bearer({ sub: 'b' })), 2)
    assert.equal(nearestTo(strict, bearer({ sub: 'c' }))?.cause, 'user')
    const alone = aPlan('{ subject: require }', asked(1, bearer({ sub: 'a' })))
    assert.deepEqual(
      [bearer({ sub: 'b' }), {}, bearer({ sub: 'a' }, 3)].map((who) => pairFor(alone, who)),
      [0, 0, 1],
    )
  })

  test('does not count where it is ignored', () =>
    assert.deepEqual(
      pairsFor(aPlan('{ subject: ignore }', ...users), 5, bearer({ sub: 'b' })),
      [1, 2, 3, 4, 5],
    ))

  test('is the name of Basic credentials, and a JWT in a cookie', () => {
    const plan = aPlan('{}', asked(1, basic('ann', 'x')), asked(2, basic('bob', 'y')))
    assert.equal(pairFor(plan, basic('bob', 'another')), 2)
    const cookie = (sub: string, iat: number): RequestFields => {
      const [, token = ''] = bearer({ sub }, iat).headers?.[0] ?? []
      return { headers: [['Cookie', `theme=dark; id=${token.slice('Bearer '.length)}`]] }
    }
    const cookies = aPlan('{}', asked(1, cookie('a', 1)), asked(2, cookie('b', 1)))
    assert.equal(pairFor(cookies, cookie('b', 9)), 2)
    assert.equal(pairFor(cookies, cookie('a', 9)), 1)
  })
})
