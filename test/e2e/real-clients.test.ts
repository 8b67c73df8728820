import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import axios, { type AxiosRequestConfig } from 'axios'
import { EventSource } from 'eventsource'
import got from 'got'
import jwt from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import { request } from 'undici'
import { reseal, resealServer, type ResealServer } from '../demo/reseal-process.ts'
import { AUDIENCE, CLIENT, startStaging, type Staging } from '../demo/staging.ts'

/** What a client sees of an answer. */
interface Seen {
  readonly status: number
  readonly body: string
}

/** A client that other people wrote, as they would use it: a form posted, a resource fetched with a bearer. */
interface Client {
  readonly name: string
  readonly missing?: string
  readonly post: (url: string, form: string) => Promise<Seen>
  readonly get: (url: string, token: string) => Promise<Seen>
}

const FORM = 'application/x-www-form-urlencoded'

const CLIENTS: readonly Client[] = [
  {
    name: 'curl',
    ...missing('curl', ['--version']),
    post: (url, form) => curl(['--data', form, url]),
    get: (url, token) => curl(['--compressed', '--header', `Authorization: Bearer ${token}`, url]),
  },
  {
    name: 'undici',
    post: async (url, form) => {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        body: form,
        headers: { 'content-type': FORM },
      })
      return { status: statusCode, body: await body.text() }
    },
    get: async (url, token) => {
      const { statusCode, body } = await request(url, { headers: { authorization: `Bearer ${token}` } })
      return { status: statusCode, body: await body.text() }
    },
  },
  {
    name: 'axios',
    post: async (url, form) => seenByAxios(await axios.post(url, form, AXIOS)),
    get: async (url, token) =>
      seenByAxios(await axios.get(url, { ...AXIOS, headers: { authorization: `Bearer ${token}` } })),
  },
  {
    name: 'got',
    post: async (url, form) => {
      const { statusCode, body } = await got.post(url, { body: form, headers: { 'content-type': FORM } })
      return { status: statusCode, body }
    },
    get: async (url, token) => {
      const { statusCode, body } = await got(url, { headers: { authorization: `Bearer ${token}` } })
      return { status: statusCode, body }
    },
  },
  {
    name: 'urllib of Python',
    ...missing('/usr/bin/python3', ['--version']),
    post: (url, form) => python(url, form, ''),
    get: (url, token) => python(url, '', token),
  },
]

suite('clients of other people do real work through the recorder, and again from the replay', () => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-clients-'))
  const recorded = new Map<string, readonly Seen[]>()
  const events: { recorded: readonly string[] } = { recorded: [] }
  let staging: Staging
  let replay: ResealServer
  let keys: JwksClient

  before(async () => {
    staging = await startStaging(300)
    const recorder = await resealServer(
      ['record', 'c', '--map', `127.0.0.1:0=${staging.issuer}`, '--map', `127.0.0.1:0=${staging.inventory}`],
      directory,
      2,
    )
    const [provider = '', inventory = ''] = recorder.urls
    // Through the recorder, so that the key set is in the snapshot.
    await new JwksClient({ jwksUri: `${provider}/jwks` }).getSigningKeys()
    for (const client of present()) recorded.set(client.name, await work(client, provider, inventory))
    events.recorded = await stockEvents(inventory)
    const { code, stderr } = await recorder.stop()
    assert.equal(code, 0, stderr)
    await staging.stop()
    replay = await resealServer(['replay', 'c', '--listen', '127.0.0.1:0'], directory)
    keys = new JwksClient({ jwksUri: `${replay.urls[0]}/jwks` })
  })
  after(async () => {
    await replay.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  for (const client of CLIENTS) {
    test(`${client.name} logs in and asks with its token`, { skip: client.missing ?? false }, async () => {
      const [login, stock] = recorded.get(client.name) ?? []
      assert.equal(login?.status, 200)
      assert.deepEqual(stock, { status: 200, body: '{"sku":"apple","available":12}' })
      const [url = ''] = replay.urls
      const [again, stockAgain] = await work(client, url, url)
      assert.deepEqual(stockAgain, stock)
      assert.equal(again?.status, 200)
      const token = accessToken(again)
      assert.notEqual(token, accessToken(login))
      const kid = jwt.decode(token, { complete: true })?.header.kid
      const key = (await keys.getSigningKey(kid)).getPublicKey()
      jwt.verify(token, key, { algorithms: ['RS256'], audience: AUDIENCE, issuer: staging.issuer })
    })
  }

  test('an EventSource hears the same events, and a snapshot of it is whole', async () => {
    assert.deepEqual(events.recorded, ['1 apple 12', '2 apple 11', '3 apple 10'])
    assert.deepEqual(await stockEvents(replay.urls[0] ?? ''), events.recorded)
    const { code, stdout } = await reseal(['verify', 'c'], directory)
    assert.equal(code, 0, stdout)
  })
})

function present(): readonly Client[] {
  return CLIENTS.filter((client) => client.missing === undefined)
}

async function work(client: Client, provider: string, inventory: string): Promise<readonly Seen[]> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    scope: 'inventory:read',
  })
  const login = await client.post(`${provider}/token`, String(form))
  return [login, await client.get(`${inventory}/inventory/apple`, accessToken(login))]
}

function accessToken(seen: Seen | undefined): string {
  const { access_token } = JSON.parse(seen?.body ?? '{}') as { access_token?: string }
  assert.ok(access_token, `no token in ${seen?.status} ${seen?.body}`)
  return access_token
}

/** The first three events, as a page would listen for them: the client closes, the server never ends. */
async function stockEvents(origin: string): Promise<readonly string[]> {
  const heard: string[] = []
  const source = new EventSource(`${origin}/events`)
  await new Promise<void>((resolve, reject) => {
    source.addEventListener('stock', ({ lastEventId, data }) => {
      heard.push(`${lastEventId} ${data}`)
      if (heard.length === 3) resolve()
    })
    source.addEventListener('error', ({ message }) => reject(new Error(message)))
  }).finally(() => source.close())
  return heard
}

const AXIOS: AxiosRequestConfig<string> = {
  responseType: 'text',
  transformResponse: [(body: string) => body],
}

function seenByAxios({ status, data }: { status: number; data: string }): Seen {
  return { status, body: data }
}

function curl(args: readonly string[]): Promise<Seen> {
  return spoken('curl', ['--silent', '--show-error', '--write-out', '\n%{http_code}', ...args])
}

const PYTHON = `
import sys, urllib.request
url, form, token = sys.argv[1:]
request = urllib.request.Request(url, data=form.encode() if form else None)
if token: request.add_header('Authorization', 'Bearer ' + token)
with urllib.request.urlopen(request) as answer:
    print(answer.read().decode(), answer.status, sep='\\n', end='')
`

function python(url: string, form: string, token: string): Promise<Seen> {
  return spoken('/usr/bin/python3', ['-c', PYTHON, url, form, token])
}

/** A program that prints the body and, in the last line, the status. */
async function spoken(program: string, args: readonly string[]): Promise<Seen> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, `${program} ended with ${String(code)}`)
  const cut = out.lastIndexOf('\n')
  return { status: Number(out.slice(cut + 1)), body: out.slice(0, cut) }
}

function missing(program: string, args: readonly string[]): { readonly missing?: string } {
  return spawnSync(program, args).status === 0 ? {} : { missing: `${program} is not installed` }
}
