/* eslint-disable no-console -- a bench prints its table */
import { fork } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSnapshot } from '../src/store/snapshot-writer.ts'
import { resealServer, type ResealServer } from '../test/demo/reseal-process.ts'
import { aPair } from '../test/support/a-pair.ts'
import { bigSnapshot, bigSnapshotPair, type BigSnapshotKind } from './support/big-snapshot.ts'
import { load, median, memoryOf, type LoadResult, type LoadTarget } from './support/load.ts'

// npm run bench:replay: requests per second of `reseal replay` beside a bare node:http server that writes as many
// bytes, in one interleaved run. Ratios count; absolute figures depend on the machine. Large snapshots are written once
// and kept below the temporary directory. PAIRS=10,100000 leaves out those of a million pairs. SLEEPS=1 lets the client
// sleep while it waits for answers, so that waking it is measured as well.
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SECONDS = Number(process.env['SECONDS'] ?? 3)
const PAIRS = (process.env['PAIRS'] ?? '10,100000,1000000').split(',').map(Number)
const CONNECTIONS = 16
const SLEEPS = process.env['SLEEPS'] === '1'

interface Case {
  readonly name: string
  readonly target: LoadTarget
  readonly replay: ResealServer
  readonly bodyBytes: number
  /** The least share of the floor's requests a second that is wanted. */
  readonly wanted: number
}

const directory = mkdtempSync(join(tmpdir(), 'reseal-bench-'))
const started: ResealServer[] = []
const floor = await startFloor({
  small: jsonOf(1024),
  items: jsonOf(1024),
  orders: jsonOf(1024),
  big: jsonOf(64 * 1024),
  token: loginBody(),
})
try {
  const cases = [...(await smallCases()), ...(await largeCases())]
  const results = new Map(
    cases.map((one) => [one, { floor: [] as LoadResult[], replay: [] as LoadResult[] }]),
  )
  // The first round is not counted: code is compiled in it, and memory filled.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [{ target, bodyBytes, replay }, { floor: floors, replay: replays }] of results) {
      const orders = { target, bodyBytes, connections: CONNECTIONS, seconds: SECONDS, sleeps: SLEEPS }
      const bare = await load({ ...orders, port: floor.port }, floor.pid)
      const own = await load({ ...orders, port: portOf(replay) }, replay.pid)
      if (round === 0) continue
      floors.push(bare)
      replays.push(own)
    }
  }
  for (const [one, result] of results) console.log(rowOf(one, result.floor, result.replay))
} finally {
  await Promise.all(started.map((replay) => replay.stop()))
  floor.stop()
  rmSync(directory, { recursive: true, force: true })
}

function rowOf(one: Case, floors: readonly LoadResult[], replays: readonly LoadResult[]): string {
  const words = (of: readonly LoadResult[]): string =>
    `${Math.round(median(of.map(({ perSecond }) => perSecond)))}/s ${median(of.map(({ cpuUs }) => cpuUs)).toFixed(1)} µs p99 ${median(of.map(({ p99Ms }) => p99Ms)).toFixed(2)} ms`
  const ratio = (of: (floor: LoadResult, replay: LoadResult) => number): string =>
    median(replays.map((replay, at) => of(floors[at] ?? replay, replay))).toFixed(2)
  const rate = ratio((bare, replay) => replay.perSecond / bare.perSecond)
  const cpu = ratio((bare, replay) => bare.cpuUs / replay.cpuUs)
  const { rssMb, peakMb } = memoryOf(one.replay.pid)
  return `${one.name.padEnd(30)} node:http ${words(floors)}  reseal ${words(replays)}  rate ${rate} (wanted ${one.wanted})  CPU ${cpu}  RSS ${rssMb} MB, at most ${peakMb}`
}

/** Three answers of different kinds, always the same one. */
async function smallCases(): Promise<Case[]> {
  const cases = [
    { name: '1 KB JSON', path: '/small', body: jsonOf(1024), wanted: 0.9 },
    { name: '64 KB JSON', path: '/big', body: jsonOf(64 * 1024), wanted: 0.9 },
    { name: 'RS256 login, re-signed', path: '/token', body: loginBody(), wanted: 0.8 },
  ]
  mkdirSync(join(directory, 'snapshots'))
  const writer = await createSnapshot(join(directory, 'snapshots', 'bench.db'), {
    append: false,
    version: 'bench',
  })
  for (const [index, { path, body }] of cases.entries()) {
    await writer.put(aPair({ id: index + 1, request: { target: path }, response: { body } }))
  }
  await writer.close()
  writeFileSync(
    join(directory, 'bench.yaml'),
    'version: 1\nresponder:\n  - extractor: http_res_body\n    filters: { path: /token }\n    transforms: [{ json_path: access_token }, { jwt_resign: {} }]\n',
  )
  const replay = await startReplay('bench', join(directory, 'snapshots'), join(directory, 'bench.yaml'))
  for (const { path, body } of cases) await mustAnswer(replay, path, {}, (bytes) => bytes === body.length)
  return cases.map(({ name, path, body, wanted }) => ({
    name,
    target: { kind: 'path', path },
    replay,
    bodyBytes: body.length,
    wanted,
  }))
}

async function largeCases(): Promise<Case[]> {
  const wanted = (pairs: number): number => (pairs > 100_000 ? 0.5 : pairs > 10 ? 0.6 : 0.9)
  const cases: Case[] = []
  for (const pairs of PAIRS) {
    cases.push(await largeCase('items', pairs, wanted(pairs)))
    if (pairs === 100_000) cases.push(await largeCase('orders', pairs, 0.45))
  }
  return cases
}

async function largeCase(kind: BigSnapshotKind, pairs: number, wanted: number): Promise<Case> {
  const snapshot = await bigSnapshot(kind, pairs)
  const startedMs = performance.now()
  const replay = await startReplay(snapshot.name, snapshot.directory, join(directory, 'none.yaml'))
  const readyMs = performance.now() - startedMs
  const { request, response } = bigSnapshotPair(kind, Math.ceil(pairs / 2))
  const body = request.method === 'POST' ? { body: Buffer.from(request.body) } : {}
  const asked = { method: request.method, ...body, headers: { 'Content-Type': 'application/json' } }
  const right = Buffer.from(response?.body ?? []).toString()
  await mustAnswer(replay, request.target, asked, (_, text) => text === right)
  const firstMs = performance.now() - startedMs
  const name = `${kind} of ${pairs}`
  console.log(
    `${name}: ready after ${Math.round(readyMs)} ms, first answer after ${Math.round(firstMs)} ms, RSS ${memoryOf(replay.pid).rssMb} MB`,
  )
  return { name, target: { kind, pairs }, replay, bodyBytes: right.length, wanted }
}

async function startReplay(snapshot: string, snapshots: string, transforms: string): Promise<ResealServer> {
  writeFileSync(join(directory, 'none.yaml'), 'version: 1\n')
  const args = ['--snapshots', snapshots, '--transforms', transforms, '--listen', '127.0.0.1:0', '--quiet']
  // All that is wanted here is wanted of one process.
  const replay = await resealServer(['replay', snapshot, ...args, '--workers', '1'], directory)
  started.push(replay)
  return replay
}

/** The floor in a process of its own, as reseal is. */
async function startFloor(
  bodies: Record<string, string>,
): Promise<{ port: number; pid: number; stop(): void }> {
  const child = fork(join(import.meta.dirname, 'floor.ts'))
  child.send(bodies)
  const [port] = await once(child, 'message')
  return { port, pid: child.pid ?? 0, stop: () => child.kill() }
}

/** A rate counts only for the right answer. */
async function mustAnswer(
  { urls }: ResealServer,
  path: string,
  init: RequestInit,
  right: (bytes: number, text: string) => boolean,
): Promise<void> {
  const response = await fetch(`${urls[0] ?? ''}${path}`, init)
  const text = await response.text()
  if (response.status !== 200 || !right(Buffer.byteLength(text), text))
    throw new Error(`${path} gave ${response.status} and ${text.slice(0, 200)}`)
}

function portOf({ urls }: ResealServer): number {
  return Number(new URL(urls[0] ?? '').port)
}

function jsonOf(bytes: number): string {
  return JSON.stringify({ fill: 'x'.repeat(bytes - 11) })
}

function loginBody(): string {
  return JSON.stringify({ access_token: recordedToken(), token_type: 'Bearer', expires_in: 300 })
}

function recordedToken(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'RS256', kid: 'k1' })}.${encode({ iss: 'https://idp', sub: 'u', iat: 1_700_000_000, exp: 1_700_000_300 })}`
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}
