import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { reseal } from '../demo/reseal-process.ts'
import { aPair } from '../support/a-pair.ts'
import { aSnapshot } from '../support/a-replay.ts'

test('match explain says which pair answers, why none does, and exits 4 where one is missing', async (t) => {
  const route = { listen: '127.0.0.1:1', target: 'https://api.test' }
  const directory = await aSnapshot(t, [
    aPair({ id: 1, route, request: { target: '/a?ts=1764000000' } }),
    aPair({ id: 2, route, request: { target: '/a?ts=1764000000' } }),
  ])
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  write('two.sh', `curl https://api.test/a?ts=1764000000\ncurl 'http://127.0.0.1:8080/a?ts=1764000000'\n`)
  const entry = (url: string): object => ({ request: { method: 'GET', url, headers: [] } })
  const har = [entry('https://api.test/a?ts=1764000000'), entry('https://api.test/b')]
  write('two.har', JSON.stringify({ log: { entries: har } }))
  write('miss.http', 'GET /a?ts=1764999999 HTTP/1.1\nHost: 127.0.0.1:8080\n\n')

  const hits = await reseal(['match', 'explain', 't', '--request', 'two.sh'], directory)
  assert.deepEqual(
    [hits.code, hits.stdout, hits.stderr],
    [0, 'GET /a?ts=1764000000: pair 1\nGET /a?ts=1764000000: pair 2\n', ''],
  )

  const archived = await reseal(['match', 'explain', 't', '--request', 'two.har'], directory)
  assert.equal(archived.code, 4)
  assert.match(archived.stdout, /^GET \/a\?ts=1764000000: pair 1\n.*GET \/b \(new endpoint\)/)

  const miss = await reseal(['match', 'explain', 't', '--request', 'miss.http', '--json'], directory)
  assert.equal(miss.code, 4)
  const { requests } = JSON.parse(miss.stdout) as {
    requests: { verdict: string; cause: string; yaml: string }[]
  }
  assert.deepEqual([requests[0]?.verdict, requests[0]?.cause], ['miss', 'timestamp'])

  mkdirSync(join(directory, 'transforms'))
  write('transforms/t.yaml', requests[0]?.yaml ?? '')
  const pasted = await reseal(['match', 'explain', 't', '--request', 'miss.http'], directory)
  assert.deepEqual([pasted.code, pasted.stdout], [0, 'GET /a?ts=1764999999: pair 1\n'])

  const unknown = await reseal(
    ['match', 'explain', 't', '--request', 'miss.http', '--target', 'https://other.test'],
    directory,
  )
  assert.equal(unknown.code, 2)
  assert.match(
    unknown.stderr,
    /The snapshot has no backend https:\/\/other\.test\n.*It recorded https:\/\/api\.test/,
  )
  const nothing = await reseal(['match', 'explain', 't', '--request', 'none.http'], directory)
  assert.equal(nothing.code, 3)
  assert.match(nothing.stderr, /Cannot read none\.http/)
})

test('match explain says which bearer tokens a replay would refuse, and why', async (t) => {
  const token = (key: string, claims: object): string =>
    jsonwebtoken.sign({ iss: 'https://idp', sub: 'ann', aud: 'api', ...claims }, key)
  const recorded = token('s'.repeat(32), { exp: 1_764_000_000 })
  const bearer = ['Authorization', `Bearer ${recorded}`] as const
  const directory = await aSnapshot(t, [
    aPair({
      id: 1,
      request: { target: '/login' },
      response: { body: JSON.stringify({ access_token: recorded }) },
    }),
    aPair({ id: 2, request: { target: '/me', headers: [bearer] } }),
  ])
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  for (const part of ['transforms', 'secrets', 'secrets/idp'])
    mkdirSync(join(directory, part), { mode: 0o700 })
  write(
    'transforms/t.yaml',
    `match: { authorize: true }
responder:
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, jwt_resign: { secretPath: idp/hs.key }]
`,
  )
  const key = 'k'.repeat(40)
  const soon = Math.floor(Date.now() / 1000) + 600
  const lines = [
    token(key, { exp: soon }),
    token('x'.repeat(40), { exp: soon }),
    token(key, { exp: 1_764_000_000 }),
  ].map((bearing) => `curl -H 'Authorization: Bearer ${bearing}' http://127.0.0.1:8080/me`)
  write('calls.sh', [...lines, 'curl http://127.0.0.1:8080/me', ''].join('\n'))
  const explain = (...more: string[]) =>
    reseal(['match', 'explain', 't', '--request', 'calls.sh', ...more], directory)

  const without = await explain()
  assert.equal(without.code, 5)
  assert.match(without.stderr, /hs\.key/)

  writeFileSync(join(directory, 'secrets/idp/hs.key'), key, { mode: 0o600 })
  const { code, stdout } = await explain()
  assert.deepEqual(
    [code, stdout],
    [
      4,
      `GET /me: pair 2
GET /me: 401, and not pair 2: The token was signed by no key that is trusted here
GET /me: 401, and not pair 2: The token expired
GET /me: 401, and not pair 2: There is no token
`,
    ],
  )
  const { requests } = JSON.parse((await explain('--json')).stdout) as { requests: readonly object[] }
  assert.deepEqual(requests[2], {
    method: 'GET',
    target: '/me',
    verdict: 'unauthorized',
    pair: 2,
    refused: 'The token expired',
  })
})
