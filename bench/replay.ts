/* eslint-disable no-console -- a bench prints its table */
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { createSnapshot } from '../src/store/snapshot-writer.ts'
import { resealServer } from '../test/demo/reseal-process.ts'
import { aPair } from '../test/support/a-pair.ts'

// npm run bench:replay: requests per second of `reseal replay` beside a bare node:http server that writes the same
// bytes, in one interleaved run. Ratios count; absolute figures depend on the machine.
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SECONDS = Number(process.env['SECONDS'] ?? 3)
const CONNECTIONS = 16

const directory = mkdtempSync(join(tmpdir(), 'reseal-bench-'))
const oneKb = Buffer.from(JSON.stringify({ fill: 'x'.repeat(1024 - 11) }))
const big = Buffer.from(JSON.stringify({ fill: 'x'.repeat(64 * 1024 - 11) }))
const login = Buffer.from(
  JSON.stringify({ access_token: recordedToken(), token_type: 'Bearer', expires_in: 300 }),
)
const CASES = [
  { name: '1 KB JSON', path: '/small', body: oneKb },
  { name: '64 KB JSON', path: '/big', body: big },
  { name: 'RS256 login, re-signed', path: '/token', body: login },
]

await writeSnapshot()
const replay = await resealServer(['replay', 'bench', '--listen', '127.0.0.1:0', '--quiet'], directory)
const floor = await startFloor()
try {
  for (const { name, path } of CASES) {
    const rates: { floor: number; replay: number }[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.push({
        floor: await rate(`${floor.url}${path}`),
        replay: await rate(`${replay.urls[0] ?? ''}${path}`),
      })
    }
    const ratio = median(rates.map((one) => one.replay / one.floor))
    const [base, ours] = [median(rates.map((one) => one.floor)), median(rates.map((one) => one.replay))]
    console.log(
      `${name.padEnd(24)} node:http ${Math.round(base)}/s  reseal ${Math.round(ours)}/s  ratio ${ratio.toFixed(2)}`,
    )
  }
} finally {
  await replay.stop()
  floor.stop()
  rmSync(directory, { recursive: true, force: true })
}

function recordedToken(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'RS256', kid: 'k1' })}.${encode({ iss: 'https://idp', sub: 'u', iat: 1_700_000_000, exp: 1_700_000_300 })}`
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}

async function writeSnapshot(): Promise<void> {
  const writer = await createSnapshot(join(directory, 'snapshots', 'bench.db'), {
    append: false,
    version: 'bench',
  })
  for (const [index, { path, body }] of CASES.entries()) {
    const pair = aPair({ id: index + 1 })
    await writer.put({
      ...pair,
      request: { ...pair.request, method: 'GET', target: path, body: Buffer.alloc(0) },
      response: {
        status: 200,
        reason: 'OK',
        httpVersion: '1.1',
        headers: headersFor(body),
        body,
        trailers: [],
      },
    })
  }
  await writer.close()
  const yaml =
    'version: 1\nresponder:\n  - extractor: http_res_body\n    filters: { path: /token }\n    transforms: [{ json_path: access_token }, { jwt_resign: {} }]\n'
  writeFileSync(join(directory, 'bench.yaml'), yaml)
}

function headersFor(body: Buffer): [string, string][] {
  return [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(body.length)],
  ]
}

async function startFloor(): Promise<{ url: string; stop(): void }> {
  const answers = new Map(CASES.map(({ path, body }) => [path, { body, headers: headersFor(body).flat() }]))
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '')
    response.sendDate = false
    response.writeHead(200, answer?.headers)
    response.end(answer?.body)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() }
}

async function rate(url: string): Promise<number> {
  const result = await autocannon({ url, connections: CONNECTIONS, duration: SECONDS })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url} failed`)
  return result.requests.average
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
