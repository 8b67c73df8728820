import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { findJwts, JWT_BEGINNINGS } from '../../src/core/jwt.ts'
import { atOnce } from '../../src/core/sliced.ts'
import { openSecrets } from '../../src/keys/files/secrets.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { compileTransforms } from '../../src/transform/compile.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { aPair } from '../support/a-pair.ts'
import { aSnapshot } from '../support/a-replay.ts'
import { aChain, NOW } from './support/apply.ts'

test('a chain for every pair that looks for tokens counts those it need not read, in a snapshot of any size', async (t) => {
  const header = Buffer.from('{\n "alg":"none"}').toString('base64url')
  const token = `${header}.${Buffer.from('{"a":1}').toString('base64url')}.`
  const gzip: readonly (readonly [string, string])[] = [['Content-Encoding', 'gzip']]
  const long = `${'x'.repeat(1024 * 1024)} ${token}`
  const directory = await aSnapshot(t, [
    aPair({ id: 1, response: { body: token } }),
    aPair({ id: 2, response: { body: 'no key of they' } }),
    aPair({ id: 3, response: { headers: gzip, body: gzipSync(token) } }),
    aPair({ id: 4, response: { body: long } }),
    aPair({ id: 5, response: { body: '' } }),
  ])
  const reader = openSnapshot(join(directory, 'snapshots', 't.db'))
  t.after(() => reader.close())
  const chain = aChain('http_res_body', '{find: jwt}, {jwt_resign: {alg: keep, claims: {set: {b: 2}}}}')
  const document = parseTransformDocument(`responder:\n${chain}`, 't.yaml')
  const secrets = openSecrets(join(directory, 'secrets'))
  const compiled = atOnce(compileTransforms(document, reader, { secrets, clock: () => NOW }))
  assert.deepEqual([...compiled.responses.keys()], [1, 3, 4])
  const [report] = compiled.chains
  assert.equal(report?.matched, 5)
  assert.equal(report?.filtered, 0)
  assert.deepEqual(
    report?.steps.map(({ applied, notFound, reasons }) => [applied, notFound, [...reasons.keys()]]),
    [
      [3, 2, ['no body', 'no JWT in it']],
      [3, 2, ['no body', 'no JWT in it']],
    ],
  )
})

test('every way in which a JOSE header may begin is one that a search asks for', () => {
  const spaces = ['', ' ', '\n', '\r\n', '\t', '  ', '\n\t']
  for (const space of spaces) {
    for (const name of ['alg', '1', 'é', '\u{1f511}', '\\u0061lg', '']) {
      const header = `{${space}"${name}":1,"alg":"none"}`
      assert.ok(JSON.parse(header))
      const text = `x ${Buffer.from(header).toString('base64url')}.e30. y`
      assert.equal(findJwts(text).length, 1, header)
      assert.ok(
        JWT_BEGINNINGS.some((begin) => text.includes(begin)),
        header,
      )
    }
  }
})
