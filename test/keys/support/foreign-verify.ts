import { spawnSync } from 'node:child_process'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as jose from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { der } from './certificate.ts'

/** Whether the system's own openssl, another build than Node's, is there to check what no library here knows. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** Verifies with jsonwebtoken, jose or the openssl program, whichever knows the alg. Throws when the token is wrong. */
export async function foreignVerify(token: string, alg: string, key: KeyObject): Promise<void> {
  const publicKey = key.type === 'secret' ? key : createPublicKey(key)
  const isEd25519 = publicKey.asymmetricKeyType === 'ed25519'
  if (alg === 'ES256K' || publicKey.asymmetricKeyType === 'ed448' || (isEd25519 && hasOpenssl)) {
    verifyWithOpenssl(token, publicKey)
  } else if (isEd25519) {
    await jose.compactVerify(token, publicKey, { algorithms: [alg] })
  } else {
    jsonwebtoken.verify(token, publicKey, {
      algorithms: [alg as jsonwebtoken.Algorithm],
      ignoreExpiration: true,
      allowInvalidAsymmetricKeyTypes: true,
    })
  }
}

function verifyWithOpenssl(token: string, publicKey: KeyObject): void {
  const [head = '', body = '', tail = ''] = token.split('.')
  const signature = Buffer.from(tail, 'base64url')
  const isEcdsa = publicKey.asymmetricKeyType === 'ec'
  const directory = mkdtempSync(join(tmpdir(), 'reseal-openssl-'))
  const path = (name: string): string => join(directory, name)
  try {
    writeFileSync(path('key.pem'), publicKey.export({ format: 'pem', type: 'spki' }))
    writeFileSync(path('data'), `${head}.${body}`)
    writeFileSync(path('signature'), isEcdsa ? derSignature(signature) : signature)
    const keyAndSignature = [
      '-pubin',
      '-inkey',
      path('key.pem'),
      '-sigfile',
      path('signature'),
      '-in',
      path('data'),
    ]
    const digest = isEcdsa ? ['-digest', 'sha256'] : []
    const run = spawnSync('openssl', ['pkeyutl', '-verify', '-rawin', ...digest, ...keyAndSignature])
    if (run.status !== 0) throw new Error(`openssl: ${run.stdout.toString()}${run.stderr.toString()}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function derSignature(raw: Buffer): Buffer {
  const half = raw.length / 2
  return der(0x30, derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)))
}

function derInteger(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = bytes.subarray(Math.max(0, first))
  return der(0x02, (digits[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), digits)
}
