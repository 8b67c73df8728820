import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import * as jose from 'jose'
import { ALGORITHMS, type AlgName } from '../../src/keys/algorithms.ts'
import { mintJwt } from '../../src/keys/mint.ts'
import { signingKey, type SigningKey } from '../../src/keys/signing-key.ts'
import { aKey, aRing, BEGIN, parsed, statesAt, tokenAt } from './support/a-ring.ts'
import { foreignVerify } from './support/foreign-verify.ts'

suite('the signer', () => {
  test('is the active key of the first alg, or of the alg wanted', async () => {
    const ring = await aRing({ algs: ['ES256', 'EdDSA'] })
    assert.equal(ring.signer(BEGIN).alg, 'ES256')
    assert.equal(ring.signer(BEGIN, { alg: 'EdDSA' }).alg, 'EdDSA')
    assert.throws(() => ring.signer(BEGIN, { alg: 'RS256' }), {
      code: 'KEY_MISSING',
      exitCode: 5,
      message: 'No suitable key found',
    })
  })

  test('named by kid may be next or retiring, but expired only when asked for', async () => {
    const ring = await aRing()
    const [old, next] = [ring.signer(BEGIN).kid, (await ring.rotate(BEGIN)).kid]
    assert.equal(ring.signer(BEGIN, { kid: next }).state, 'next')
    assert.equal(ring.signer(BEGIN + 700, { kid: old }).state, 'retiring')
    const late = BEGIN + 5000
    assert.throws(() => ring.signer(late, { kid: old }), { code: 'KEY_MISSING' })
    assert.equal(ring.signer(late, { kid: old, expired: true }).state, 'expired')
    assert.throws(() => ring.signer(BEGIN, { kid: next, alg: 'EdDSA' }), { code: 'KEY_MISSING' })
    assert.throws(() => ring.signer(BEGIN, { kid: 'nobody' }), { code: 'KEY_MISSING' })
  })

  test('that has expired is the one that left last, and there is none before', async () => {
    const ring = await aRing()
    assert.throws(() => ring.signer(BEGIN, { expired: true }), {
      code: 'KEY_MISSING',
      message: 'No suitable key found',
    })
    const kids = [ring.signer(BEGIN).kid]
    for (const at of [1, 2]) kids.push((await ring.rotate(BEGIN + at, { leadSeconds: 0 })).kid)
    assert.equal(ring.signer(BEGIN + 3601, { expired: true }).kid, kids[0])
    assert.equal(ring.signer(BEGIN + 3602, { expired: true }).kid, kids[1])
  })

  test('forgets all but the last expired keys', async () => {
    const ring = await aRing({ keepExpired: 2, transitionSeconds: 0 })
    for (const at of [1, 2, 3, 4, 5]) await ring.rotate(BEGIN + at, { leadSeconds: 0 })
    assert.equal(statesAt(ring, BEGIN + 5), 'expired expired active')
    const none = await aRing({ keepExpired: 0, transitionSeconds: 0 })
    assert.equal((await none.rotate(BEGIN, { leadSeconds: 0 })).state, 'active')
    assert.equal(statesAt(none, BEGIN), 'active')
  })
})

suite('expiring by call', () => {
  test('takes the active key out at once and has the next one sign', async () => {
    const ring = await aRing()
    const [old, next] = [ring.signer(BEGIN).kid, (await ring.rotate(BEGIN)).kid]
    ring.expire(old, BEGIN + 10)
    assert.equal(statesAt(ring, BEGIN + 10), 'expired active')
    assert.equal(ring.signer(BEGIN + 10).kid, next)
    assert.equal(ring.jwksText(BEGIN + 10).includes(old), false)
    ring.expire(old, BEGIN + 20)
    assert.equal(ring.keys(BEGIN + 20)[0]?.leavesAt, BEGIN + 10)
  })

  test('refuses the only key that can sign, and one that is not there', async () => {
    const ring = await aRing({ keys: [aKey('ES256', 'only')] })
    assert.throws(() => ring.expire('only', BEGIN), {
      code: 'USAGE',
      message: 'The key "only" is the only one that can sign ES256, so it stays.',
      hint: 'Rotate first, with a lead of 0 if its successor is to sign at once.',
    })
    assert.throws(() => ring.expire('other', BEGIN), {
      code: 'KEY_MISSING',
      message: 'The key ring has no key "other".',
    })
    assert.equal(statesAt(ring, BEGIN), 'active')
  })
})

suite('which key signed a token', () => {
  test('is told for next, active, retiring and expired keys', async () => {
    const ring = await aRing()
    const token = parsed(await tokenAt(ring, BEGIN))
    await ring.rotate(BEGIN)
    const stateAt = (at: number): string | undefined => ring.verify(token, BEGIN + at)?.state
    assert.deepEqual([0, 600, 4200].map(stateAt), ['active', 'retiring', 'expired'])
  })

  test('is told without a kid, and not for a wrong one', async () => {
    const ring = await aRing()
    const { kid } = await ring.rotate(BEGIN, { leadSeconds: 0 })
    const without = parsed(await mintJwt(ring.signer(BEGIN), { kid: undefined }, {}))
    assert.equal(without.kid, undefined)
    assert.equal(ring.verify(without, BEGIN)?.kid, kid)
    const wrong = ring.keys(BEGIN)[0]?.kid
    assert.equal(ring.verify(parsed(await mintJwt(ring.signer(BEGIN), { kid: wrong }, {})), BEGIN), undefined)
  })

  test('is nobody for a foreign key, changed claims, and an alg that is not the key’s own', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const [rs256, rs512] = (['RS256', 'RS512'] as const).map((alg) =>
      signingKey({ alg, key: privateKey, from: 'test', kid: 'k' }),
    )
    const ring = await aRing({ algs: ['RS256'], keys: rs256 === undefined ? [] : [rs256] })
    const good = await tokenAt(ring, BEGIN)
    assert.equal(ring.verify(parsed(good), BEGIN)?.kid, 'k')
    const [head, , tail] = good.split('.')
    const claims = Buffer.from('{"sub":"admin"}').toString('base64url')
    const hostile = [
      rs512 === undefined ? '' : await mintJwt(rs512, {}, {}),
      await mintJwt(aKey('ES256', 'k'), {}, {}),
      `${head}.${claims}.${tail}`,
      `${Buffer.from('{"alg":"none","kid":"k"}').toString('base64url')}.${claims}.`,
      hmacWithPublicKey(privateKey, claims),
      await mintJwt(ring.signer(BEGIN), { crit: ['exp2'] }, {}),
      await signedAs('RS512', ring.signer(BEGIN).key),
    ]
    for (const token of hostile) assert.equal(ring.verify(parsed(token), BEGIN), undefined)
  })
})

/** A token that names another alg than the one it is signed with. */
async function signedAs(alg: AlgName, key: SigningKey): Promise<string> {
  const input = `${Buffer.from(JSON.stringify({ alg, kid: 'k' })).toString('base64url')}.e30`
  return `${input}.${Buffer.from(await key.sign(Buffer.from(input))).toString('base64url')}`
}

/** The RS256-to-HS256 confusion: the public key's PEM as secret (RFC 8725 §2.1). */
function hmacWithPublicKey(
  privateKey: ReturnType<typeof generateKeyPairSync>['privateKey'],
  claims: string,
): string {
  const input = `${Buffer.from('{"alg":"HS256","kid":"k"}').toString('base64url')}.${claims}`
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' })
  return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
}

suite('a minted JWT', () => {
  test('has alg, typ and kid in its header, and the claims verbatim', async () => {
    const ring = await aRing({ keys: [aKey('ES256', 'k')] })
    const claims = { z: 1, a: [null, 1.5], ü: 'é\n', nested: { iat: 'soon' }, gone: undefined }
    const [head, body] = (await mintJwt(ring.signer(BEGIN), {}, claims)).split('.')
    assert.equal(text(head), '{"alg":"ES256","typ":"JWT","kid":"k"}')
    assert.equal(text(body), '{"z":1,"a":[null,1.5],"ü":"é\\n","nested":{"iat":"soon"}}')
  })

  test('takes header parameters as given, and leaves out what is undefined', async () => {
    const key = aKey()
    const header = { typ: 'at+jwt', kid: 'other', x: { y: 1 } }
    assert.equal(
      text((await mintJwt(key, header, {})).split('.')[0]),
      '{"alg":"ES256","typ":"at+jwt","kid":"other","x":{"y":1}}',
    )
    const bare = await mintJwt(key, { typ: undefined, kid: undefined }, {})
    assert.equal(text(bare.split('.')[0]), '{"alg":"ES256"}')
    assert.equal(
      text((await mintJwt(key, {}, {})).split('.')[0]),
      `{"alg":"ES256","typ":"JWT","kid":"${key.thumbprint}"}`,
    )
  })

  for (const alg of Object.keys(ALGORITHMS) as AlgName[]) {
    test(`with ${alg} verifies elsewhere, and made keys are of the right size`, async () => {
      const key = await ALGORITHMS[alg].generateInPool()
      const token = await mintJwt(signingKey({ alg, key, from: 'test' }), {}, { sub: 'u' })
      await foreignVerify(token, alg, key)
      assert.equal(ALGORITHMS[alg].fits(key), true)
    })
  }

  test('is refused by jose when the key is another', async () => {
    const token = await mintJwt(aKey(), {}, {})
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    await assert.rejects(jose.compactVerify(token, publicKey))
  })
})

function text(part: string | undefined): string {
  return Buffer.from(part ?? '', 'base64url').toString()
}
