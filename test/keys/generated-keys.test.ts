import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { openSecrets } from '../../src/keys/secrets.ts'
import { generatedKeys } from '../../src/keys/generated-keys.ts'
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
    assert.match(name, /^login\.example\.com-8443-ES256-a-\.\.-b-[0-9a-f]{12}\.jwk\.json$/)
    assert.equal(key.source, `generated/${name} (P-256)`)
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    const { d, x, y, ...rest } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<
      string,
      unknown
    >
    assert.deepEqual([typeof d, typeof x, typeof y], ['string', 'string', 'string'])
    assert.deepEqual(rest, { kty: 'EC', crv: 'P-256', kid: 'a/../b ü', alg: 'ES256', use: 'sig' })
  })

  test('is found again by the next run, and is the same object within one', (context) => {
    const secrets = secretsWith(context, {})
    const source = generatedKeys(secrets)
    assert.equal(source.keyFor(token), source.keyFor(token))
    const again = generatedKeys(openSecrets(secrets.directory)).keyFor(token)
    assert.equal(again.thumbprint, source.keyFor(token).thumbprint)
    assert.equal(source.notes.length, 1)
  })

  test('is another for another issuer, alg or kid', (context) => {
    const source = generatedKeys(secretsWith(context, {}))
    const tokens = [
      ['ES256', '"kid":"k"', '{"iss":"https://a"}'],
      ['ES256', '"kid":"k"', '{"iss":"https://b"}'],
      ['ES256', '"kid":"K"', '{"iss":"https://a"}'],
      ['ES256', '"kid":""', '{"iss":"https://a"}'],
      ['ES256', '"x":1', '{"iss":"https://a"}'],
      ['ES256', '"kid":"k"', '{}'],
      ['EdDSA', '"kid":"k"', '{"iss":"https://a"}'],
    ].map(([alg, kid, payload]) =>
      recordedToken({ header: `{"alg":"${alg}",${kid}}`, payload: payload ?? '' }),
    )
    const thumbprints = tokens.map((each) => source.keyFor(each).thumbprint)
    assert.equal(new Set(thumbprints).size, tokens.length)
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
      import { openSecrets } from ${JSON.stringify(import.meta.resolve('../../src/keys/secrets.ts'))}
      import { generatedKeys } from ${JSON.stringify(import.meta.resolve('../../src/keys/generated-keys.ts'))}
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
