import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { bytesOfText } from '../../src/core/binary-text.ts'
import { ALGORITHMS, type AlgName } from '../../src/keys/algorithms.ts'
import { planResign } from '../../src/keys/resign/resign.ts'
import { mountedKeys } from '../../src/keys/sources/mounted-keys.ts'
import { foreignVerify, hasOpenssl } from './support/foreign-verify.ts'
import { writtenKeys } from './support/key-formats.ts'
import { aJwt, LATER_MS, ODD_PAYLOAD_LATER, oddToken, RECORDED_AT_MS } from './support/recorded-token.ts'
import { pssKey } from './support/pss-key.ts'
import { secretsWith } from './support/secrets-directory.ts'

const rsa = ALGORITHMS.RS256.generate()
/** Neither end is white space, which a random secret may have. */
const secret = createSecretKey(
  Buffer.from('\xff<64 bytes of secret, among them \0, \\n, \n and not only ASCII>!', 'latin1'),
)
const ed448 = ALGORITHMS.Ed448.generate()

/** Keys that each alg must work with, beside the one it generates. */
const EXTRA_KEYS: Readonly<Partial<Record<AlgName, readonly KeyObject[]>>> = {
  RS256: [generateKeyPairSync('rsa', { modulusLength: 2049 }).privateKey],
  PS256: [generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey, pssKey('sha256', 32)],
  PS512: [pssKey('sha512', 20)],
  EdDSA: [ed448],
}

for (const [alg, algorithm] of Object.entries(ALGORITHMS)) {
  const isRsa = alg.startsWith('RS') || alg.startsWith('PS')
  const keys = [
    isRsa ? rsa : alg.startsWith('HS') ? secret : algorithm.generate(),
    ...(EXTRA_KEYS[algorithm.name] ?? []),
  ]
  suite(`${alg}: a recorded token is re-signed with a key in any format, its odd spelling kept`, () => {
    for (const key of keys) {
      for (const { format, bytes, passphrase } of writtenKeys(key)) {
        const kind = key.asymmetricKeyType ?? 'secret'
        const skip = needsOpenssl(alg, key) && !hasOpenssl && 'no openssl program here to verify with'
        test(`${kind}, ${format}`, { skip }, async (context) => {
          const secrets = secretsWith(context, { 'a/tls.key': bytes, 'a/pass': `${passphrase}\n` })
          const source = mountedKeys(secrets, {
            secretPath: 'a/tls.key',
            ...(passphrase === undefined ? {} : { passphrasePath: 'a/pass' }),
          })
          const recorded = oddToken(alg, key)
          const resigner = planResign(recorded, source.keyFor(recorded))
          const token = await resigner.resign({ nowMs: LATER_MS, recordedAtMs: RECORDED_AT_MS })

          assert.equal(resigner.keyMatchesRecording, true)
          assert.equal(resigner.kid, 'key 1')
          assert.equal(token.split('.')[0], recorded.token.split('.')[0])
          assert.equal(bytesOfText(aJwt(token).payload.text).toString(), ODD_PAYLOAD_LATER)
          await foreignVerify(token, alg, key)
        })
      }
    }
  })
}

suite('the verifiers of these tests', () => {
  for (const alg of ['RS256', 'PS384', 'ES512', 'ES256K', 'EdDSA', 'Ed448', 'HS256'] as const) {
    const skip = needsOpenssl(alg, rsa) && !hasOpenssl && 'no openssl program here to verify with'
    test(`refuse a wrong ${alg} signature`, { skip }, async () => {
      const key = ALGORITHMS[alg].generate()
      const { signingInput } = oddToken(alg)
      const signature = Buffer.from(ALGORITHMS[alg].signSync(Buffer.from(`${signingInput}x`), key))
      await assert.rejects(foreignVerify(`${signingInput}.${signature.toString('base64url')}`, alg, key))
    })
  }
})

function needsOpenssl(alg: string, key: KeyObject): boolean {
  return alg === 'ES256K' || alg === 'Ed448' || key.asymmetricKeyType === 'ed448'
}
