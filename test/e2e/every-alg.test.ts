import assert from 'node:assert/strict'
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { replay } from '../../src/app/replay.ts'
import { bytesOfText } from '../../src/core/binary-text.ts'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { createSnapshot } from '../../src/store/snapshot-writer.ts'
import { foreignVerify, hasOpenssl } from '../keys/support/foreign-verify.ts'
import { writtenKeys, type WrittenKey } from '../keys/support/key-formats.ts'
import {
  aJwt,
  LATER_MS,
  oddToken,
  ODD_PAYLOAD_LATER,
  RECORDED_AT_MS,
} from '../keys/support/recorded-token.ts'
import { aPair } from '../support/a-pair.ts'

interface Case {
  readonly alg: string
  readonly key: KeyObject
  readonly written: WrittenKey
}

/** A body as no serialiser would write it, around a token. */
function oddBody(token: string): string {
  return `{ "id":12345678901234567890 ,"id" : 1.0,\t"nested":{"access_token":"${token}"},"access_token" : "${token}", "é":"\\u00e9" }\r\n`
}

test('a token of every alg, in an odd body, is re-signed at replay from a key file of every format', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-algs-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const cases = everyCase()
  await recordAll(directory, cases)
  writeTransforms(directory, cases)

  const replaying = await replay({
    snapshot: 'algs',
    snapshotsDirectory: directory,
    transformsFile: join(directory, 'algs.json'),
    transformsRequired: true,
    secretsDirectory: join(directory, 'secrets'),
    routes: [{ listen: '127.0.0.1:0', target: undefined }],
    clock: () => LATER_MS,
    issuers: undefined,
    control: undefined,
    onLog: () => {},
    cacheBytes: 1024,
    onHit: () => {},
    onMiss: ({ target }) => assert.fail(`nothing was recorded for ${target}`),
    onError: (error) => assert.fail(String(error)),
  })
  t.after(() => replaying.stop())

  for (const [index, { alg, key, written }] of cases.entries()) {
    const skip = needsOpenssl(alg, key) && !hasOpenssl && 'no openssl program here to verify with'
    await t.test(`${alg}, ${key.asymmetricKeyType ?? 'secret'}, ${written.format}`, { skip }, async () => {
      const response = await fetch(`${replaying.urls[0]}/${index}`)
      const body = await response.text()
      const token = /"access_token" : "([^"]+)"/.exec(body)?.[1] ?? ''
      const recorded = oddToken(alg)
      assert.notEqual(token, recorded.token)
      assert.equal(body, oddBody(recorded.token).replace(`" : "${recorded.token}"`, `" : "${token}"`))
      assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(body)))
      assert.equal(token.split('.')[0], recorded.token.split('.')[0], 'the header is as recorded')
      assert.equal(bytesOfText(aJwt(token).payload.text).toString(), ODD_PAYLOAD_LATER)
      await foreignVerify(token, alg, key)
    })
  }
})

function everyCase(): readonly Case[] {
  const rsa = ALGORITHMS.RS256.generate()
  const secret = createSecretKey(Buffer.from(randomBytes(48).toString('base64url')))
  return Object.keys(ALGORITHMS).flatMap((alg) => {
    const family = alg.slice(0, 2)
    const own = ALGORITHMS[alg as keyof typeof ALGORITHMS]
    const key = family === 'RS' || family === 'PS' ? rsa : family === 'HS' ? secret : own.generate()
    return writtenKeys(key)
      .filter(({ format }) => key.type !== 'secret' || plainSecret(format))
      .map((written) => ({ alg, key, written }))
  })
}

/** Without the recorded signature as oracle, an HMAC file is read as it is; other encodings are for `encoding:`. */
function plainSecret(format: string): boolean {
  return !/base64|hex|white space|trimmed/i.test(format)
}

async function recordAll(directory: string, cases: readonly Case[]): Promise<void> {
  const writer = await createSnapshot(join(directory, 'algs.db'), { append: false, version: 'test' })
  for (const [index, { alg }] of cases.entries()) {
    const body = Buffer.from(oddBody(oddToken(alg).token))
    await writer.put(
      aPair({
        id: index + 1,
        at: RECORDED_AT_MS,
        request: { target: `/${index}` },
        response: {
          headers: [
            ['Content-Type', 'application/json'],
            ['Content-Length', String(body.length)],
          ],
          body,
        },
      }),
    )
  }
  await writer.close()
}

function writeTransforms(directory: string, cases: readonly Case[]): void {
  const responder = cases.map(({ written }, index) => {
    mkdirSync(join(directory, 'secrets', String(index)), { recursive: true })
    writeFileSync(join(directory, 'secrets', String(index), 'tls.key'), written.bytes)
    writeFileSync(join(directory, 'secrets', String(index), 'pass'), `${written.passphrase}\n`)
    const passphrase = written.passphrase === undefined ? {} : { passphrasePath: `${index}/pass` }
    return {
      filters: { path: `/${index}` },
      extractor: 'http_res_body',
      transforms: [
        { json_path: '$.access_token' },
        { jwt_resign: { secretPath: `${index}/tls.key`, ...passphrase } },
      ],
    }
  })
  writeFileSync(join(directory, 'algs.json'), JSON.stringify({ version: 1, responder }))
}

function needsOpenssl(alg: string, key: KeyObject): boolean {
  return alg === 'ES256K' || alg === 'Ed448' || key.asymmetricKeyType === 'ed448'
}
