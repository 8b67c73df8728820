import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import jsonwebtoken from 'jsonwebtoken'
import { reseal, resealServer, type ResealServer } from '../demo/reseal-process.ts'
import { CLIENT, serveLocally, startStaging, type Staging } from '../demo/staging.ts'
import { startSut } from '../demo/sut.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const hmac = randomBytes(48)

/** Tokens and credentials that no file may ever hold, as they pass. */
interface Secrets {
  readonly tokens: string[]
  readonly texts: string[]
}

/** A token of one of the usual kinds, noted. */
function token(secrets: Secrets, claims: object): string {
  const symmetric = secrets.tokens.length % 2 === 1
  const made = symmetric
    ? jsonwebtoken.sign(claims, hmac)
    : jsonwebtoken.sign(claims, rsa.privateKey, { algorithm: 'RS256' })
  secrets.tokens.push(made)
  return made
}

function secret(secrets: Secrets, what: string): string {
  const made = `${what}-${randomBytes(12).toString('hex')}`
  secrets.texts.push(made)
  return made
}

/** A service whose answers have tokens and credentials in every place there is. */
function startLeaky(secrets: Secrets) {
  return serveLocally(() => (request, response) => {
    request.resume()
    const [inHeader, inCookie, inBody] = [1, 2, 3].map((n) => token(secrets, { n, sub: 'answer' }))
    const page = request.url?.startsWith('/page') === true
    const body = page
      ? `<form><input name="id_token" value="${inBody}"><input name="access_token" value="${secret(secrets, 'input')}"></form>`
      : JSON.stringify({
          access_token: inBody,
          refresh_token: secret(secrets, 'refresh'),
          in: JSON.stringify({ password: secret(secrets, 'inner') }),
        })
    response.writeHead(200, [
      ['X-Token', inHeader ?? ''],
      ['Set-Cookie', `t=${inCookie}; Path=/`],
      ['Set-Cookie', `sid=${secret(secrets, 'session')}; HttpOnly`],
      ['Trailer', 'X-Late'],
      ...(page ? [] : [['Content-Encoding', 'gzip']]),
    ])
    response.write(page ? body : gzipSync(body))
    response.addTrailers([['X-Late', token(secrets, { late: true })]])
    response.end()
  })
}

async function leak(origin: string, secrets: Secrets): Promise<void> {
  const basic = Buffer.from(`${secret(secrets, 'user')}:${secret(secrets, 'pass')}`).toString('base64')
  secrets.texts.push(basic)
  await fetch(`${origin}/api?api_key=${secret(secrets, 'key')}&t=${token(secrets, { place: 'query' })}`, {
    headers: {
      authorization: `Basic ${basic}`,
      'x-api-key': secret(secrets, 'api'),
      cookie: `a=${secret(secrets, 'cookie')}; b=${token(secrets, { place: 'cookie' })}`,
    },
  }).then((answer) => answer.text())
  await fetch(`${origin}/form`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret(secrets, 'opaque')}` },
    body: new URLSearchParams({
      grant_type: 'password',
      password: secret(secrets, 'pass word&'),
      refresh_token: secret(secrets, 'refresh'),
      client_secret: secret(secrets, 'client'),
      client_assertion: token(secrets, { place: 'form' }),
    }),
  }).then((answer) => answer.text())
  await fetch(`${origin}/page`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token(secrets, { place: 'bearer' })}`,
    },
    body: JSON.stringify({
      deep: [{ password: secret(secrets, 'json') }],
      token: token(secrets, { place: 'json' }),
    }),
  }).then((answer) => answer.text())
}

/** Every file below the directory, `-wal` and `-shm` among them, without any part of a secret. */
function assertNoSecret(directory: string, secrets: Secrets): void {
  const signatures = secrets.tokens.map((one) => one.split('.')[2] ?? '')
  const needles = [
    ...secrets.texts.flatMap((text) => [Buffer.from(text), Buffer.from(encodeURIComponent(text))]),
    ...signatures.flatMap((text) => parts(Buffer.from(text), 16)),
    ...signatures.flatMap((text) => parts(Buffer.from(text, 'base64url'), 12)),
  ]
  for (const name of readdirSync(directory)) {
    const bytes = readFileSync(join(directory, name))
    for (const needle of needles)
      assert.equal(bytes.includes(needle), false, `${name} holds a part of a secret`)
  }
}

function parts(bytes: Buffer, length: number): readonly Buffer[] {
  const count = Math.floor(bytes.length / length)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * length, (index + 1) * length))
}

interface Recorded {
  readonly directory: string
  readonly issuer: string
  readonly secrets: Secrets
}

/** Records the demo's staging and the leaky service, looking at the files all the while. */
async function recorded(
  t: TestContext,
  end: (recorder: ResealServer) => Promise<unknown>,
): Promise<Recorded> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-secrets-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const secrets: Secrets = { tokens: [], texts: [CLIENT.secret] }
  const staging = await startStaging(60)
  t.after(staging.stop)
  const leaky = await startLeaky(secrets)
  t.after(leaky.stop)
  const recorder = await startRecorder(directory, staging, leaky.origin)
  t.after(recorder.stop)
  const [provider = '', inventory = '', everything = ''] = recorder.urls
  const trust = { jwksUri: `${provider}/jwks` }
  const seen = (one: string): void => void secrets.tokens.push(one)
  const sut = await startSut({ tokenUrl: `${provider}/token`, inventory, issuer: staging.issuer, trust })
  t.after(sut.stop)
  assert.equal((await fetch(`${sut.origin}/orders/apple`)).status, 200)
  seen(await accessToken(provider))
  await leak(everything, secrets)
  assert.equal(await trailerOf(everything), true)
  assert.ok(readdirSync(join(directory, 'snapshots')).includes('t.db-wal'))
  assertNoSecret(join(directory, 'snapshots'), secrets)
  await end(recorder)
  assertNoSecret(join(directory, 'snapshots'), secrets)
  await Promise.all([staging.stop(), leaky.stop()])
  return { directory, issuer: staging.issuer, secrets }
}

function startRecorder(directory: string, staging: Staging, leaky: string): Promise<ResealServer> {
  const maps = [staging.issuer, staging.inventory, leaky].flatMap((url) => ['--map', `127.0.0.1:0=${url}`])
  return resealServer(['record', 't', ...maps], directory, 3)
}

/** What the client of the recorder gets: the real thing, with a signature that is not a placeholder. */
async function accessToken(provider: string): Promise<string> {
  const { id, secret: clientSecret } = CLIENT
  const form = {
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: clientSecret,
    scope: 'inventory:read',
  }
  const answer = await fetch(`${provider}/token`, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token: made } = (await answer.json()) as { access_token: string }
  assert.ok(!made.includes('redacted'))
  return made
}

function trailerOf(origin: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    httpRequest(`${origin}/trailer`, (response) => {
      response.resume().on('end', () => resolve(response.trailers['x-late'] !== undefined))
    })
      .on('error', reject)
      .end()
  })
}

/** The service under test, which verifies every token, is content with the replay; other credentials do as well. */
async function assertReplays({ directory, issuer, secrets }: Recorded): Promise<void> {
  const server = await resealServer(['replay', 't', '--listen', '127.0.0.1:0'], directory)
  try {
    const [url = ''] = server.urls
    const sut = await startSut({
      tokenUrl: `${url}/token`,
      inventory: url,
      issuer,
      trust: { jwksUri: `${url}/jwks` },
    })
    try {
      const answer = await fetch(`${sut.origin}/orders/apple`)
      assert.deepEqual(
        [answer.status, await answer.text()],
        [200, '{"ordered":{"sku":"apple","available":12}}'],
      )
    } finally {
      await sut.stop()
    }
    await leak(url, { tokens: secrets.tokens.slice(0, secrets.tokens.length % 2), texts: [] })
  } finally {
    const { stderr } = await server.stop()
    assert.match(stderr, /missed 0;/)
  }
}

test('no file holds a part of a recorded secret, and the replay is green', async (t) => {
  const done = await recorded(t, (recorder) => recorder.stop())
  await assertReplays(done)
  const verified = await reseal(['verify', 't', '--secrets'], done.directory)
  assert.deepEqual(
    [verified.code, verified.stdout.split('\n').slice(1, 2)],
    [0, ['no secret that could be used was found']],
  )
})

test('nor after a SIGKILL of the recorder', async (t) => {
  const done = await recorded(t, (recorder) => {
    process.kill(recorder.pid, 'SIGKILL')
    return recorder.stop()
  })
  assert.ok(readdirSync(join(done.directory, 'snapshots')).includes('t.db-wal'))
  const scaffolded = await reseal(['transform', 'scaffold', 't'], done.directory)
  assert.equal(scaffolded.code, 0)
  await assertReplays(done)
})
