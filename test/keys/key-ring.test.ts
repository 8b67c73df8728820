import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as jose from 'jose'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { createKeyRing } from '../../src/keys/ring/key-ring.ts'
import { mintJwt } from '../../src/keys/mint.ts'
import { signingKey } from '../../src/keys/signing-key.ts'
import { aKey, aRing, BEGIN, joseAccepts, statesAt, tokenAt } from './support/a-ring.ts'

suite('a new key ring', () => {
  test('has its key before it resolves, one that signs and is published', async () => {
    const ring = await aRing({ algs: ['RS256'] })
    const { kid, alg, state, publishedAt, activeAt, retiresAt, leavesAt } = ring.signer(BEGIN)
    assert.deepEqual(
      { alg, state, publishedAt, activeAt, retiresAt, leavesAt },
      {
        alg: 'RS256',
        state: 'active',
        publishedAt: BEGIN,
        activeAt: BEGIN,
        retiresAt: undefined,
        leavesAt: undefined,
      },
    )
    assert.equal(ring.keys(BEGIN)[0]?.kid, kid)
    assert.equal(await joseAccepts(ring, BEGIN, await tokenAt(ring, BEGIN)), true)
    assert.equal(ring.dueAt, undefined)
  })

  test('signs RS256 unless asked for another alg or given keys', async () => {
    assert.deepEqual((await aRing({ algs: ['EdDSA'] })).algs, ['EdDSA'])
    assert.deepEqual((await aRing({ algs: ['ES256', 'EdDSA'], keys: [aKey('EdDSA')] })).algs, [
      'ES256',
      'EdDSA',
    ])
    assert.deepEqual((await createKeyRing({ now: BEGIN })).algs, ['RS256'])
    assert.deepEqual((await createKeyRing({ now: BEGIN, keys: [aKey('ES384')] })).algs, ['ES384'])
  })

  test('publishes exactly the public members, the thumbprint as kid, use and alg', async () => {
    const ring = await aRing()
    const text = ring.jwksText(BEGIN)
    const { keys } = JSON.parse(text) as { keys: jose.JWK[] }
    const { x, y } = keys[0] ?? {}
    const kid = await jose.calculateJwkThumbprint(keys[0] ?? {})
    assert.equal(
      text,
      `{"keys":[{"kty":"EC","crv":"P-256","x":"${x}","y":"${y}","kid":"${kid}","use":"sig","alg":"ES256"}]}`,
    )
    assert.deepEqual(ring.published(BEGIN), JSON.parse(text))
  })

  test('refuses numbers out of range, no alg at all, and keys of another alg', async () => {
    await assert.rejects(aRing({ transitionSeconds: -1 }), {
      code: 'CONFIG_INVALID',
      message: 'transitionSeconds of a key ring cannot be -1.',
    })
    await assert.rejects(aRing({ rotateEverySeconds: 0 }), {
      code: 'CONFIG_INVALID',
      message: 'rotateEverySeconds of a key ring cannot be 0.',
    })
    await assert.rejects(aRing({ leadSeconds: Number.NaN }), { code: 'CONFIG_INVALID' })
    await assert.rejects(aRing({ algs: [] }), {
      code: 'CONFIG_INVALID',
      message: 'A key ring was asked for that signs with no alg at all.',
    })
    await assert.rejects(aRing({ keys: [aKey('ES384')] }), {
      code: 'KEY_UNFIT',
      message: 'The key test (P-384) is for ES384, and the key ring signs ES256.',
    })
  })
})

suite('a rotation', () => {
  test('publishes the next key a lead before it signs, and the old one a transition after', async () => {
    const ring = await aRing()
    const old = ring.signer(BEGIN)
    const next = await ring.rotate(BEGIN + 100)
    assert.equal(next.state, 'next')
    assert.deepEqual([next.publishedAt, next.activeAt], [BEGIN + 100, BEGIN + 700])
    const story = [100, 699, 700, 4299, 4300].map((at) => [
      statesAt(ring, BEGIN + at),
      ring.signer(BEGIN + at).kid === next.kid,
      ring.published(BEGIN + at).keys.length,
    ])
    assert.deepEqual(story, [
      ['active next', false, 2],
      ['active next', false, 2],
      ['retiring active', true, 2],
      ['retiring active', true, 2],
      ['expired active', true, 1],
    ])
    const [retired] = ring.keys(BEGIN + 4300)
    assert.equal(retired?.kid, old.kid)
    assert.deepEqual([retired?.retiresAt, retired?.leavesAt], [BEGIN + 700, BEGIN + 4300])
  })

  test('leaves no token refused by a client that fetched the JWKS within the lead', async () => {
    const ring = await aRing({ leadSeconds: 600, transitionSeconds: 3600 })
    await ring.rotate(BEGIN)
    const fetched = BEGIN
    for (const signed of [0, 599, 600, 601]) {
      assert.equal(await joseAccepts(ring, fetched, await tokenAt(ring, BEGIN + signed)), true, `${signed}`)
    }
  })

  test('with a lead of 0 signs at once, and such a client does refuse', async () => {
    const ring = await aRing()
    const before = ring.jwksText(BEGIN)
    const next = await ring.rotate(BEGIN, { leadSeconds: 0 })
    assert.equal(next.state, 'active')
    assert.equal(ring.signer(BEGIN).kid, next.kid)
    assert.equal(statesAt(ring, BEGIN), 'retiring active')
    const jwks = jose.createLocalJWKSet(JSON.parse(before) as jose.JSONWebKeySet)
    await assert.rejects(jose.jwtVerify(await tokenAt(ring, BEGIN), jwks), {
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    })
  })

  test('lists the key that signs first in the JWKS', async () => {
    const ring = await aRing()
    const [old, next] = [ring.signer(BEGIN), await ring.rotate(BEGIN)]
    const kids = (now: number): unknown => ring.published(now).keys.map(({ kid }) => kid)
    assert.deepEqual(kids(BEGIN), [old.kid, next.kid])
    assert.deepEqual(kids(BEGIN + 600), [next.kid, old.kid])
  })

  test('keeps a next key that is waiting, and has it sign sooner but never later', async () => {
    const ring = await aRing()
    const next = await ring.rotate(BEGIN)
    assert.equal((await ring.rotate(BEGIN + 10)).activeAt, BEGIN + 600)
    assert.equal((await ring.rotate(BEGIN + 10, { leadSeconds: 5000 })).activeAt, BEGIN + 600)
    const hastened = await ring.rotate(BEGIN + 20, { leadSeconds: 30 })
    assert.deepEqual([hastened.kid, hastened.activeAt], [next.kid, BEGIN + 50])
    assert.equal((await ring.rotate(BEGIN + 21, { leadSeconds: 0 })).state, 'active')
    assert.equal(statesAt(ring, BEGIN + 21), 'retiring active')
  })

  test('made twice at the same moment makes one key', async () => {
    const ring = await aRing()
    const [one, two] = await Promise.all([ring.rotate(BEGIN), ring.rotate(BEGIN)])
    assert.equal(one.kid, two.kid)
    assert.equal(ring.keys(BEGIN).length, 2)
  })

  test('twice within one second with no lead has the later key sign', async () => {
    const ring = await aRing()
    await ring.rotate(BEGIN, { leadSeconds: 0 })
    const last = await ring.rotate(BEGIN, { leadSeconds: 0 })
    assert.equal(ring.signer(BEGIN).kid, last.kid)
    assert.equal(statesAt(ring, BEGIN), 'retiring retiring active')
  })

  test('does not hold up the event loop while an RSA key is made', async () => {
    const ring = await aRing({ algs: ['RS256'] })
    let turns = 0
    const turn = (): void => {
      turns += 1
      pending = setImmediate(turn)
    }
    let pending = setImmediate(turn)
    await ring.rotate(BEGIN)
    clearImmediate(pending)
    assert.ok(turns > 10, `${turns} turns of the loop`)
  })

  test('refuses a negative lead and a key of another alg, and goes on after it', async () => {
    const ring = await aRing()
    await assert.rejects(ring.rotate(BEGIN, { leadSeconds: -1 }), { code: 'CONFIG_INVALID' })
    await assert.rejects(ring.rotate(BEGIN, { key: aKey('EdDSA') }), { code: 'KEY_UNFIT' })
    assert.equal(statesAt(ring, BEGIN), 'active')
    await ring.rotate(BEGIN)
    assert.equal(statesAt(ring, BEGIN), 'active next')
  })

  test('of a ring with several algs rotates each, and a given key only its own', async () => {
    const ring = await aRing({ algs: ['ES256', 'EdDSA'] })
    assert.equal((await ring.rotate(BEGIN)).alg, 'ES256')
    assert.equal(statesAt(ring, BEGIN), 'active active next next')
    assert.equal(ring.signer(BEGIN + 600, { alg: 'EdDSA' }).alg, 'EdDSA')
    await ring.rotate(BEGIN + 600, { key: aKey('EdDSA') })
    const next = ring.keys(BEGIN + 600).filter(({ state }) => state === 'next')
    assert.deepEqual(
      next.map(({ alg }) => alg),
      ['EdDSA'],
    )
  })
})

suite('a rotation to a given key', () => {
  test('withdraws a next key that is waiting, which never signs', async () => {
    const ring = await aRing()
    const waiting = await ring.rotate(BEGIN)
    const given = await ring.rotate(BEGIN + 10, { key: aKey() })
    assert.equal(statesAt(ring, BEGIN + 10), 'active expired next')
    assert.equal(ring.signer(BEGIN + 609).kid, ring.keys(BEGIN)[0]?.kid)
    assert.equal(ring.signer(BEGIN + 610).kid, given.kid)
    assert.equal(ring.keys(BEGIN + 10)[1]?.kid, waiting.kid)
  })

  test('that signs already changes nothing, but for a waiting key', async () => {
    const key = aKey()
    const ring = await aRing({ keys: [key] })
    const text = ring.jwksText(BEGIN)
    const { kid } = await ring.rotate(BEGIN, { key })
    assert.equal(kid, key.thumbprint)
    assert.equal(ring.jwksText(BEGIN), text)
    await ring.rotate(BEGIN, { key: aKey() })
    await ring.rotate(BEGIN, { key })
    assert.equal(statesAt(ring, BEGIN), 'active expired')
  })

  test('that signed before and still is published has it sign again without another lead', async () => {
    const [one, two] = [aKey(), aKey()]
    const ring = await aRing({ keys: [one] })
    await ring.rotate(BEGIN, { key: two })
    const back = await ring.rotate(BEGIN + 1000, { key: one })
    assert.deepEqual([back.kid, back.state, back.activeAt], [one.thumbprint, 'active', BEGIN + 1000])
    assert.equal(statesAt(ring, BEGIN + 1000), 'active retiring')
    assert.equal(ring.keys(BEGIN + 1000).length, 2)
  })

  test('that has expired waits for the lead like a new one', async () => {
    const [one, two] = [aKey(), aKey()]
    const ring = await aRing({ keys: [one] })
    await ring.rotate(BEGIN, { key: two, leadSeconds: 0 })
    const back = await ring.rotate(BEGIN + 4000, { key: one })
    assert.deepEqual([back.state, back.publishedAt, back.activeAt], ['next', BEGIN + 4000, BEGIN + 4600])
  })

  test('and back within one second ends with the first key signing, a second later', async () => {
    const [one, two] = [aKey(), aKey()]
    const ring = await aRing({ keys: [one] })
    await ring.rotate(BEGIN, { key: two, leadSeconds: 0 })
    await ring.rotate(BEGIN, { key: one, leadSeconds: 0 })
    assert.equal(ring.signer(BEGIN).kid, two.thumbprint)
    assert.equal(ring.signer(BEGIN + 1).kid, one.thumbprint)
  })
})

suite('the kid of a key', () => {
  test('is the one its file names', async () => {
    const ring = await aRing({ keys: [aKey('ES256', 'staging-1')] })
    assert.equal(ring.signer(BEGIN).kid, 'staging-1')
  })

  test('is never given to another key: that one goes by its thumbprint', async () => {
    const ring = await aRing({ keys: [aKey('ES256', 'main')], keepExpired: 0, transitionSeconds: 0 })
    const other = aKey('ES256', 'main')
    assert.equal((await ring.rotate(BEGIN, { key: other, leadSeconds: 0 })).kid, other.thumbprint)
    await ring.tick(BEGIN)
    assert.equal(ring.keys(BEGIN).length, 1)
    const third = aKey('ES256', 'main')
    assert.equal((await ring.rotate(BEGIN, { key: third, leadSeconds: 0 })).kid, third.thumbprint)
  })

  test('differs between two algs of one RSA key', async () => {
    const key = ALGORITHMS.RS256.generate()
    const keys = (['RS256', 'PS256'] as const).map((alg) => signingKey({ alg, key, from: 'test' }))
    const ring = await aRing({ algs: ['RS256', 'PS256'], keys })
    const thumbprint = keys[0]?.thumbprint
    assert.equal(ring.signer(BEGIN).kid, thumbprint)
    assert.equal(ring.signer(BEGIN, { alg: 'PS256' }).kid, `${thumbprint}.PS256`)
    for (const alg of ['RS256', 'PS256'] as const) {
      const token = await mintJwt(ring.signer(BEGIN, { alg }), {}, {})
      assert.equal(await joseAccepts(ring, BEGIN, token), true)
    }
  })

  test('of an HMAC secret is random, and the secret is never published', async () => {
    const ring = await aRing({ algs: ['HS256'] })
    await ring.rotate(BEGIN)
    assert.equal(ring.jwksText(BEGIN), '{"keys":[]}')
    assert.match(ring.signer(BEGIN).kid, /^[\w-]{22}$/)
    assert.equal(new Set(ring.keys(BEGIN).map(({ kid }) => kid)).size, 2)
    const secret = ring.signer(BEGIN).key
    assert.equal((await ring.rotate(BEGIN, { key: secret })).kid, ring.signer(BEGIN).kid)
    assert.notEqual((await ring.rotate(BEGIN, { key: aKey('HS256') })).kid, ring.signer(BEGIN).kid)
  })
})

suite('further keys of a mounted set', () => {
  test('are published and never sign, until a call takes them out', async () => {
    const [one, two] = [aKey(), aKey()]
    const ring = await aRing({ keys: [one, two] })
    assert.equal(ring.signer(BEGIN).kid, one.thumbprint)
    assert.equal(statesAt(ring, BEGIN), 'active retiring')
    assert.equal(statesAt(ring, BEGIN + 10 ** 8), 'active retiring')
    ring.expire(two.thumbprint ?? '', BEGIN + 5)
    assert.equal(statesAt(ring, BEGIN + 5), 'active expired')
  })

  test('sign once the ring rotates to them, at once as they are known already', async () => {
    const [one, two] = [aKey(), aKey()]
    const ring = await aRing({ keys: [one, two] })
    await ring.rotate(BEGIN + 1000, { key: two })
    assert.equal(ring.signer(BEGIN + 1000).kid, two.thumbprint)
    assert.equal(statesAt(ring, BEGIN + 1000), 'retiring active')
  })
})
