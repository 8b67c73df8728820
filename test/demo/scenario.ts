import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { reseal, resealServer, type Finished } from './reseal-process.ts'
import { startStaging } from './staging.ts'
import { startSut, type SutBackends } from './sut.ts'

/** What the service under test answered in each act. */
export interface DemoResult {
  readonly recorded: Answer
  readonly recording: Finished
  readonly withoutTransforms: Answer
  readonly withTransforms: Answer
  readonly pinned: Answer
  readonly tokens: string
  readonly scaffold: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Speedscale's own spelling of "re-sign the access_token with this mounted key", as its guide has it. */
const SPEEDSCALE_TRANSFORM =
  '{"id":"jwt-test","responder":[{"filters":{"filters":[{"include":true}]},"extractor":{"type":"http_res_body"},"transforms":[{"type":"json_path","config":{"path":"access_token"}},{"type":"jwt_resign","config":{"secretPath":"/home/speedscale/secret/jwt-demo/tls.key"}}]}]}'

/** Short enough to watch expire. */
const TOKEN_SECONDS = 3

/**
 * The main job from end to end, in a directory of its own: record a login and a call, take staging away, let the token
 * expire, and replay: as recorded (refused), re-signed with a made key (accepted), with a mounted key (accepted).
 */
export async function runScenario(directory: string, say: (line: string) => void): Promise<DemoResult> {
  const staging = await startStaging(TOKEN_SECONDS)
  const { issuer } = staging

  say('1. Record. A service logs in at an OpenID provider and calls an inventory, through reseal.')
  const recorder = await resealServer(
    ['record', 'demo', '--map', `127.0.0.1:0=${issuer}`, '--map', `127.0.0.1:0=${staging.inventory}`],
    directory,
    2,
  )
  const recorded = await order(backends(recorder.urls, issuer), say)
  const recording = await recorder.stop()
  for (const line of recording.stderr.trim().split('\n').slice(2)) say(`   reseal: ${line}`)

  say(`2. Staging goes away, and the recorded token expires (it lived ${TOKEN_SECONDS} s).`)
  await staging.stop()
  await pause((TOKEN_SECONDS + 1) * 1000)
  const { stdout: tokens } = await reseal(['tokens', 'demo'], directory)
  for (const line of tokens.trimEnd().split('\n')) say(`   ${line}`)

  say('3. Replay as recorded, without transforms: the service refuses the token.')
  writeFileSync(join(directory, 'transforms', 'none.yaml'), 'version: 1\nresponder: []\n')
  const withoutTransforms = await replayed(directory, issuer, ['--transforms', 'transforms/none.yaml'], say)

  say('4. Replay with the scaffolded transforms: the token is re-signed, the JWKS publishes the key.')
  const scaffold = readFileSync(join(directory, 'transforms', 'demo.yaml'), 'utf8')
  for (const line of scaffold.trimEnd().split('\n')) say(`   | ${line}`)
  const withTransforms = await replayed(directory, issuer, [], say)

  say('5. Replay with a mounted key, secrets/jwt-demo/tls.key, that the service has pinned.')
  const publicKey = mountKey(directory)
  writeFileSync(join(directory, 'transforms', 'pinned.json'), SPEEDSCALE_TRANSFORM)
  const pinned = await replayed(directory, issuer, ['--transforms', 'transforms/pinned.json'], say, publicKey)

  return { recorded, recording, withoutTransforms, withTransforms, pinned, tokens, scaffold }
}

async function replayed(
  directory: string,
  issuer: string,
  options: readonly string[],
  say: (line: string) => void,
  publicKey?: string,
): Promise<Answer> {
  const server = await resealServer(['replay', 'demo', '--listen', '127.0.0.1:0', ...options], directory)
  try {
    const [url = ''] = server.urls
    return await order(backends([url, url], issuer, publicKey), say)
  } finally {
    const { stderr } = await server.stop()
    for (const line of stderr.trim().split('\n'))
      if (!line.startsWith('reseal ready')) say(`   reseal: ${line}`)
  }
}

function backends(urls: readonly string[], issuer: string, publicKey?: string): SutBackends {
  const [provider = '', inventory = ''] = urls
  const trust = publicKey === undefined ? { jwksUri: `${provider}/jwks` } : { publicKey }
  return { tokenUrl: `${provider}/token`, inventory, issuer, trust }
}

async function order(to: SutBackends, say: (line: string) => void): Promise<Answer> {
  const sut = await startSut(to)
  try {
    const response = await fetch(`${sut.origin}/orders/apple`)
    const answer = { status: response.status, body: await response.text() }
    say(`   GET /orders/apple → ${answer.status} ${answer.body}`)
    return answer
  } finally {
    await sut.stop()
  }
}

/** Mounts a fresh RSA key as a Kubernetes TLS secret would be. @returns the public key as PEM */
function mountKey(directory: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  mkdirSync(join(directory, 'secrets', 'jwt-demo'), { recursive: true })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(directory, 'secrets', 'jwt-demo', 'tls.key'), pem, { mode: 0o600 })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}
