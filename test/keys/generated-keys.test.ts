import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { openSecrets } from '../../src/keys/files/secrets.ts'
import { generatedKeys } from '../../src/keys/sources/generated-keys.ts'
import { oddToken, recordedToken } from './support/recorded-token.ts'
import { secretsWith } from './support/secrets-directory.ts'

const token = recordedToken({
  header: '{"alg":"ES256","kid":"a/../b ü"}',
  payload: '{"iss":"https://login.example.com:8443/realms/x","iat":1}',
})

suite('a generated key', () => {
  test('is kept under a readable name, for its owner alone, in directories made for it', (context) => {
    const secrets = openSecrets(join(secretsWith(context, {}).directory, 'not/yet/there'))
    const key = generatedKeys(secrets).keyFor(token)
    const directory = join(secrets.directory, 'generated')
    const [name = '', ...others] = readdirSync(directory)
    assert.deepEqual(others, [])
    assert.match(name, /^P-256-a-\.\.-b-[0-9a-f]{12}\.jwk\.json$/)
    assert.equal(key.source, `generated/${name} (P-256)`)
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    const { d, x, y, ...rest } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<
      string,
      unknown
    >
    assert.deepEqual([typeof d, typeof x, typeof y], ['string', 'string', 'string'])
    assert.deepEqual(rest, { kty: 'EC', crv: 'P-256', kid: 'a/../b ü', use: 'sig' })
  })

  test('is found again by the next run, and is the same object within one', (context) => {
    const secrets = secretsWith(context, {})
    const source = generatedKeys(secrets)
    assert.equal(source.keyFor(token), source.keyFor(token))
    const again = generatedKeys(openSecrets(secrets.directory)).keyFor(token)
    assert.equal(again.thumbprint, source.keyFor(token).thumbprint)
    assert.equal(source.notes.length, 1)
  })

  test('is one for a kid and key type, whatever the issuer and the alg, so that clients find one key of that name', (context) => {
    const secrets = secretsWith(context, {})
    const source = generatedKeys(secrets)
    const same = (alg: string, iss: string): ReturnType<typeof source.keyFor> =>
      source.keyFor(
        recordedToken({ header: `{"alg":"${alg}","kid":"k"}`, payload: `{"iss":"https://${iss}"}` }),
      )
    const keys = [same('RS256', 'sts.windows.net'), same('RS256', 'login.microsoftonline.com')]
    keys.push(same('PS256', 'sts.windows.net'), same('RS512', 'sts.windows.net'))
    assert.equal(new Set(keys.map(({ thumbprint }) => thumbprint)).size, 1)
    assert.deepEqual(
      keys.map(({ alg }) => alg),
      ['RS256', 'RS256', 'PS256', 'RS512'],
    )
    assert.equal(keys[0], keys[1])
    assert.equal(source.notes.length, 1)
    assert.equal(same('EdDSA', 'a').thumbprint, same('Ed25519', 'b').thumbprint)
    const again = generatedKeys(openSecrets(secrets.directory))
    const token = recordedToken({ header: '{"alg":"PS384","kid":"k"}', payload: '{}' })
    assert.equal(again.keyFor(token).thumbprint, keys[0]?.thumbprint)
    assert.deepEqual(
      readdirSync(join(secrets.directory, 'generated')).map((name) => name.replace(/-[0-9a-f]{12}\./, '.')),
      ['Ed25519-k.jwk.json', 'RSA-k.jwk.json'],
    )
  })

  test('is another for another kid or key type, and without kid for another issuer', (context) => {
    const source = generatedKeys(secretsWith(context, {}))
    const keyFor = ([alg, kid, payload]: readonly [string, string, string]) =>
      source.keyFor(recordedToken({ header: `{"alg":"${alg}",${kid}}`, payload }))
    const tokens = (
      [
        ['ES256', '"kid":"k"', '{"iss":"https://a"}'],
        ['ES256', '"kid":"K"', '{"iss":"https://a"}'],
        ['ES256', '"kid":""', '{"iss":"https://a"}'],
        ['ES256', '"kid":"https://a"', '{}'],
        ['ES256', '"x":1', '{"iss":"https://a"}'],
        ['ES256', '"x":1', '{"iss":"https://b"}'],
        ['ES256', '"x":1', '{}'],
        ['ES384', '"kid":"k"', '{"iss":"https://a"}'],
        ['ES256K', '"kid":"k"', '{"iss":"https://a"}'],
        ['EdDSA', '"kid":"k"', '{"iss":"https://a"}'],
        ['Ed448', '"kid":"k"', '{"iss":"https://a"}'],
        ['RS256', '"x":1', '{"iss":"https://a"}'],
      ] as const
    ).map(keyFor)
    assert.equal(new Set(tokens.map(({ thumbprint }) => thumbprint)).size, tokens.length)
    assert.equal(keyFor(['PS256', '"x":1', '{"iss":"https://a"}']).thumbprint, tokens.at(-1)?.thumbprint)
  })

  test('for HMAC is another for another issuer, alg or kid: no set of keys tells of it', (context) => {
    const secrets = secretsWith(context, {})
    const source = generatedKeys(secrets)
    const sources = [
      ['HS256', '"kid":"k"', '{"iss":"https://a"}'],
      ['HS256', '"kid":"k"', '{"iss":"https://b"}'],
      ['HS512', '"kid":"k"', '{"iss":"https://a"}'],
      ['HS256', '"kid":"K"', '{"iss":"https://a"}'],
    ].map(
      ([alg, kid, payload]) =>
        source.keyFor(recordedToken({ header: `{"alg":"${alg}",${kid}}`, payload: payload ?? '' })).source,
    )
    assert.equal(new Set(sources).size, 4)
    const [name = ''] = readdirSync(join(secrets.directory, 'generated')).toSorted()
    assert.match(name, /^a-HS256-/)
    const jwk = JSON.parse(readFileSync(join(secrets.directory, 'generated', name), 'utf8')) as {
      alg: string
    }
    assert.equal(jwk.alg, 'HS256')
  })

  test('stays unmade for alg none, and takes RS256 for an unknown alg under alg: auto', (context) => {
    const source = generatedKeys(secretsWith(context, {}))
    assert.equal(source.keyFor(recordedToken({ header: '{"alg":"none"}', payload: '{}' })).alg, 'none')
    assert.equal(source.keyFor(oddToken('XS1'), 'auto').alg, 'RS256')
    assert.throws(() => source.keyFor(oddToken('XS1')), {
      code: 'KEY_UNFIT',
      message: 'The recorded token is signed with "XS1", which reseal cannot sign.',
    })
  })

  test('is the same in processes that make it at the same moment', async (context) => {
    const { directory } = secretsWith(context, {})
    const script = `
      import { openSecrets } from ${JSON.stringify(import.meta.resolve('../../src/keys/files/secrets.ts'))}
      import { generatedKeys } from ${JSON.stringify(import.meta.resolve('../../src/keys/sources/generated-keys.ts'))}
      import { parseJwt } from ${JSON.stringify(import.meta.resolve('../../src/core/jwt.ts'))}
      const keys = generatedKeys(openSecrets(${JSON.stringify(directory)}))
      console.log(keys.keyFor(parseJwt(${JSON.stringify(token.token)})).thumbprint)`
    const runs = await Promise.all(
      Array.from({ length: 6 }, () =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]),
      ),
    )
    assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 1)
    assert.equal(readdirSync(join(directory, 'generated')).length, 1)
  })

  test('is not kept behind a symbolic link', (context) => {
    const outside = secretsWith(context, {}).directory
    const secrets = secretsWith(context, {})
    symlinkSync(outside, join(secrets.directory, 'generated'))
    assert.throws(() => generatedKeys(secrets).keyFor(token), { code: 'SECRET_OUTSIDE' })
    assert.deepEqual(readdirSync(outside), [])
  })

  test('that cannot be kept is an error, not a key for this run only', (context) => {
    const secrets = secretsWith(context, { generated: 'a file in its way' })
    assert.throws(() => generatedKeys(secrets).keyFor(token), {
      code: 'SECRET_UNWRITABLE',
      message: /^The key "generated\/.*" could not be kept in .* \(EEXIST\)\.$/,
    })
  })

  test('whose file was spoiled is refused, not replaced', (context) => {
    const secrets = secretsWith(context, {})
    generatedKeys(secrets).keyFor(token)
    const directory = join(secrets.directory, 'generated')
    mkdirSync(directory, { recursive: true })
    const path = join(directory, readdirSync(directory)[0] ?? '')
    writeFileSync(path, '')
    assert.throws(() => generatedKeys(secrets).keyFor(token), { code: 'KEY_INVALID', message: /is empty/ })
  })
})
