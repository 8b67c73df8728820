import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { KeyRing } from '../../src/keys/ring/key-ring.ts'
import { aKey, aRing, BEGIN, statesAt } from './support/a-ring.ts'

const DAY = 86_400

suite('rotation by time', () => {
  test('publishes each successor a lead before its turn', async () => {
    const ring = await aRing({ rotateEverySeconds: DAY })
    assert.equal(ring.dueAt, BEGIN + DAY - 600)
    await ring.tick(BEGIN + DAY - 601)
    assert.equal(statesAt(ring, BEGIN + DAY - 601), 'active')
    await ring.tick(BEGIN + DAY - 600)
    assert.equal(statesAt(ring, BEGIN + DAY - 600), 'active next')
    assert.equal(ring.dueAt, BEGIN + DAY)
    assert.equal(statesAt(ring, BEGIN + DAY), 'retiring active')
    await ring.tick(BEGIN + DAY)
    assert.equal(ring.dueAt, BEGIN + DAY + 3600)
    await ring.tick(BEGIN + DAY + 3600)
    assert.equal(ring.dueAt, BEGIN + 2 * DAY - 600)
  })

  test('may be ticked at any time and several times at once', async () => {
    const ring = await aRing({ rotateEverySeconds: DAY })
    const due = BEGIN + DAY - 600
    await Promise.all([ring.tick(due), ring.tick(due), ring.tick(due + 1)])
    assert.equal(statesAt(ring, due + 1), 'active next')
    assert.equal(ring.keys(due)[1]?.activeAt, BEGIN + DAY)
  })

  test('that comes late, as after a sleep, gives the successor its lead all the same, and makes one', async () => {
    const ring = await aRing({ rotateEverySeconds: DAY })
    const late = BEGIN + 10 * DAY
    await ring.tick(late)
    assert.equal(statesAt(ring, late), 'active next')
    assert.equal(ring.keys(late)[1]?.activeAt, late + 600)
  })

  test('more often than the lead has the next key published all the time', async () => {
    const ring = await aRing({ rotateEverySeconds: 60, transitionSeconds: 30 })
    for (let now = BEGIN; now < BEGIN + 600; now += 10) {
      await ring.tick(now)
      assert.match(statesAt(ring, now), /^(?:expired ){0,3}(?:retiring )?active next$/)
    }
    assert.equal(ring.keys(BEGIN + 600).at(-1)?.activeAt, BEGIN + 600)
  })

  test('tries again when a key could not be made', async () => {
    let isBroken = false
    const ring = await aRing({
      rotateEverySeconds: DAY,
      generate: async (alg) => {
        if (isBroken) throw new Error('no entropy')
        return aKey(alg)
      },
    })
    isBroken = true
    const due = BEGIN + DAY - 600
    await assert.rejects(ring.tick(due), { message: 'no entropy' })
    assert.equal(ring.dueAt, due)
    assert.equal(ring.signer(BEGIN + 2 * DAY).state, 'active')
    isBroken = false
    await ring.tick(due + 5)
    assert.equal(ring.keys(due + 5)[1]?.activeAt, BEGIN + DAY + 5)
  })
})

suite('events', () => {
  test('are told once each, in order, with the moment they happened', async () => {
    const ring = await aRing()
    const told: string[] = []
    const first = ring.signer(BEGIN).kid
    const end = ring.onChange(({ event, kid, alg, state, at }) => {
      told.push(`${event} ${kid === first ? 'first' : 'second'} ${alg} ${state} ${at - BEGIN}`)
    })
    await ring.rotate(BEGIN + 5)
    for (const now of [6, 605, 605, 10_000]) await ring.tick(BEGIN + now)
    assert.deepEqual(told, [
      'published second ES256 next 5',
      'active second ES256 active 605',
      'retiring first ES256 retiring 605',
      'expired first ES256 expired 4205',
    ])
    end()
    await ring.rotate(BEGIN + 10_000)
    assert.equal(told.length, 4)
  })

  test('of a withdrawn key are only that it came and went', async () => {
    const ring = await aRing()
    const told: string[] = []
    ring.onChange(({ event, kid }) => told.push(`${event} ${kid}`))
    const withdrawn = await ring.rotate(BEGIN)
    ring.expire(withdrawn.kid, BEGIN + 1)
    await ring.tick(BEGIN + 10_000)
    assert.deepEqual(told, [`published ${withdrawn.kid}`, `expired ${withdrawn.kid}`])
  })
})

suite('the JWKS text', () => {
  test('is the same string until a state changes', async () => {
    const ring = await aRing()
    await ring.rotate(BEGIN)
    const text = ring.jwksText(BEGIN)
    assert.equal(ring.jwksText(BEGIN + 599), text)
    assert.notEqual(ring.jwksText(BEGIN + 600), text)
    assert.equal(ring.published(BEGIN + 600), ring.published(BEGIN + 601))
    assert.equal(ring.jwksText(BEGIN), text)
  })
})

suite('a clock that is set back', () => {
  test('leaves the first key signing', async () => {
    const ring = await aRing()
    assert.equal(statesAt(ring, BEGIN - 100_000), 'active')
    assert.equal(ring.signer(BEGIN - 100_000).kid, ring.signer(BEGIN).kid)
  })

  test('does not stop a rotation', async () => {
    const ring = await aRing()
    const { state, activeAt } = await ring.rotate(BEGIN - 100)
    assert.deepEqual([state, activeAt], ['next', BEGIN + 500])
    assert.equal(ring.signer(BEGIN + 500).activeAt, BEGIN + 500)
  })

  test('has nothing told twice', async () => {
    const ring = await aRing()
    const told: string[] = []
    ring.onChange(({ event }) => told.push(event))
    await ring.rotate(BEGIN)
    for (const at of [600, 0, 600]) await ring.tick(BEGIN + at)
    assert.deepEqual(told, ['published', 'active', 'retiring'])
  })
})

test('whatever is done, at every second one published key signs each alg, and no kid is used twice', async () => {
  const keys = [aKey(), aKey('ES256', 'named'), aKey('ES256', 'named')]
  const step = fc.record({
    what: fc.constantFrom('rotate', 'given', 'expire', 'tick'),
    index: fc.nat(5),
    leadSeconds: fc.constantFrom(0, 1, 50, 600),
    passes: fc.constantFrom(0, 1, 30, 700, 5000),
  })
  const owners = (ring: KeyRing, now: number): (readonly [string, string | undefined])[] =>
    ring.keys(now).map(({ kid, key }) => [kid, key.thumbprint])
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, byTime) => {
      const ring = await aRing({
        ...(byTime ? { rotateEverySeconds: 1000 } : {}),
        transitionSeconds: 900,
        keepExpired: 2,
      })
      const seen = new Map<string, string | undefined>()
      let now = BEGIN
      for (const { what, index, leadSeconds, passes } of steps) {
        now += passes
        const key = keys[index % keys.length]
        if (what === 'rotate') await ring.rotate(now, { leadSeconds })
        if (what === 'given' && key !== undefined) await ring.rotate(now, { leadSeconds, key })
        if (what === 'tick') await ring.tick(now)
        if (what === 'expire') expireUnlessLast(ring, index, now)
        for (const at of [now, now + 1, now + 50, now + 900, now + 10_000]) {
          const active = ring.keys(at).filter(({ state }) => state === 'active')
          assert.equal(active.length, 1)
          assert.equal(ring.signer(at).kid, active[0]?.kid)
          assert.ok(ring.jwksText(at).includes(`"kid":"${active[0]?.kid}"`))
        }
        for (const [kid, owner] of owners(ring, now)) {
          assert.equal(seen.get(kid) ?? owner, owner)
          seen.set(kid, owner)
        }
        assert.equal(new Set(owners(ring, now).map(([kid]) => kid)).size, ring.keys(now).length)
      }
    }),
    { numRuns: 200 },
  )
})

function expireUnlessLast(ring: KeyRing, index: number, now: number): void {
  const keys = ring.keys(now)
  const key = keys[index % keys.length]
  const isLast = key?.state === 'active' && !keys.some(({ state }) => state === 'next')
  if (key === undefined) return
  if (isLast) assert.throws(() => ring.expire(key.kid, now), { code: 'USAGE' })
  else ring.expire(key.kid, now)
}
