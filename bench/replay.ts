/* eslint-disable no-console -- a bench prints its table */
import { fork } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
const replay = await resealServer(
  ['replay', 'bench', '--transforms', 'bench.yaml', '--listen', '127.0.0.1:0', '--quiet'],
  directory,
)
const floor = await startFloor()
try {
  for (const { name, path, body } of CASES) {
    await mustAnswer(`${floor.url}${path}`, body.length)
    await mustAnswer(`${replay.urls[0] ?? ''}${path}`, body.length)
    const rounds: { floor: Load; replay: Load }[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({
        floor: await load(`${floor.url}${path}`, floor.pid),
        replay: await load(`${replay.urls[0] ?? ''}${path}`, replay.pid),
      })
    }
    const row = (which: 'floor' | 'replay'): string =>
      `${Math.round(median(rounds.map((one) => one[which].perSecond)))}/s ${median(rounds.map((one) => one[which].cpuUs)).toFixed(1)} µs`
    const rate = median(rounds.map((one) => one.replay.perSecond / one.floor.perSecond))
    const cpu = median(rounds.map((one) => one.floor.cpuUs / one.replay.cpuUs))
    console.log(
      `${name.padEnd(24)} node:http ${row('floor')}  reseal ${row('replay')}  rate ${rate.toFixed(2)}  CPU ${cpu.toFixed(2)}`,
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
        body: Buffer.from(body),
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

/** The floor in a process of its own, as reseal is. */
async function startFloor(): Promise<{ url: string; pid: number; stop(): void }> {
  const bodies = Object.fromEntries(CASES.map(({ path, body }) => [path, body.toString()]))
  const child = fork(join(import.meta.dirname, 'floor.ts'))
  child.send(bodies)
  const [port] = await once(child, 'message')
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.kill() }
}

/** A rate counts only for the right answer. */
async function mustAnswer(url: string, bytes: number): Promise<void> {
  const response = await fetch(url)
  const { byteLength } = await response.arrayBuffer()
  if (response.status !== 200 || byteLength !== bytes)
    throw new Error(`${url} gave ${byteLength} bytes of ${bytes}`)
}

interface Load {
  readonly perSecond: number
  /** CPU time of the server for a request, user and system, in microseconds, as the kernel counts it. */
  readonly cpuUs: number
}

async function load(url: string, pid: number): Promise<Load> {
  const before = cpuUsOf(pid)
  const result = await autocannon({ url, connections: CONNECTIONS, duration: SECONDS })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url} failed`)
  return { perSecond: result.requests.average, cpuUs: (cpuUsOf(pid) - before) / result.requests.total }
}

/** Linux counts CPU time in ticks of 10 ms. */
function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
