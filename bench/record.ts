/* eslint-disable no-console -- a bench prints its table */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifySnapshot } from '../src/store/snapshot-verify.ts'
import { resealServer } from '../test/demo/reseal-process.ts'
import { load, median, type LoadResult } from './support/load.ts'

// npm run bench:record: what recording costs beside forwarders that record nothing, in one interleaved run: CPU of the
// whole process, all its threads, as the operating system counts it, and the latency that 99 of 100 requests stay
// below. Ratios to bare http-proxy-3 count; absolute figures depend on the machine.
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SECONDS = Number(process.env['SECONDS'] ?? 2)
const CONNECTIONS = 16
/** Names of cases, such as `64 KB JSON,10 MB`. */
const ONLY = process.env['CASES']?.split(',')

interface Forwarder {
  readonly name: string
  readonly port: number
  readonly pid: number
  stop(): unknown
}

interface Case {
  readonly name: string
  readonly path: string
  readonly bodyBytes: number
  readonly connections: number
}

const CASES: readonly Case[] = [
  { name: '1 KB JSON', path: '/small', bodyBytes: 1024, connections: CONNECTIONS },
  { name: '64 KB JSON', path: '/big', bodyBytes: 64 * 1024, connections: CONNECTIONS },
  { name: '10 MB', path: '/huge', bodyBytes: 10 * 1024 * 1024, connections: 4 },
]

const directory = mkdtempSync(join(tmpdir(), 'reseal-bench-'))
const backend = await forked('distinct-backend.ts', 'backend', Object.fromEntries(CASES.map(bodyOf)))
const forwarders: readonly Forwarder[] = [
  await forked('plain-pipe.ts', 'node:http pipe', backend.port),
  await forked('bare-http-proxy.ts', 'http-proxy-3', backend.port),
  await recording('normal'),
  await recording('relaxed'),
]
try {
  for (const one of CASES.filter(({ name }) => ONLY?.includes(name) ?? true))
    console.log((await rowsOf(one)).join('\n'))
} finally {
  for (const forwarder of [...forwarders, backend]) await forwarder.stop()
  for (const name of ['normal', 'relaxed']) {
    const { pairs, problems } = verifySnapshot(join(directory, 'snapshots', `${name}.db`))
    console.log(`${name}: ${pairs} pairs, ${problems.length} problems`)
  }
  rmSync(directory, { recursive: true, force: true })
}

async function rowsOf(one: Case): Promise<readonly string[]> {
  const target = { kind: 'path' as const, path: one.path }
  const orders = {
    sleeps: true,
    target,
    bodyBytes: one.bodyBytes,
    connections: one.connections,
    seconds: SECONDS,
  }
  // What a process compiles in its first seconds is no cost of a request.
  for (const { port, pid } of forwarders) await load({ ...orders, port }, pid)
  const direct: LoadResult[] = []
  const results = new Map(forwarders.map((forwarder) => [forwarder, [] as LoadResult[]]))
  for (let round = 0; round < ROUNDS; round += 1) {
    direct.push(await load({ ...orders, port: backend.port }, backend.pid))
    for (const [forwarder, of] of results)
      of.push(await load({ ...orders, port: forwarder.port }, forwarder.pid))
  }
  const bare = [...results].find(([{ name }]) => name === 'http-proxy-3')?.[1] ?? []
  const ratio = (of: readonly LoadResult[], figure: (result: LoadResult, round: number) => number): string =>
    median(of.map((result, round) => figure(result, round) / figure(bare[round] ?? result, round))).toFixed(2)
  return [...results].map(([{ name }, of]) => {
    const cpuUs = median(of.map((result) => result.cpuUs))
    const p99Ms = median(of.map((result) => result.p99Ms))
    const perSecond = Math.round(median(of.map((result) => result.perSecond)))
    const cpu = ratio(of, (result) => result.cpuUs)
    const added = ratio(of, (result, round) => Math.max(0.01, result.p99Ms - (direct[round]?.p99Ms ?? 0)))
    return `${one.name.padEnd(10)}  ${name.padEnd(15)}  ${perSecond}/s  CPU ${cpuUs.toFixed(1)} µs (${cpu} of http-proxy-3)  p99 ${p99Ms.toFixed(2)} ms (added ${added} of http-proxy-3)`
  })
}

function bodyOf({ path, bodyBytes }: Case): readonly [segment: string, body: string] {
  const item = { name: 'a name', price: 12.5, tags: ['a', 'b.c'], note: 'as an answer of a service has it' }
  const items = JSON.stringify(Array.from({ length: Math.ceil(bodyBytes / 80) }, () => item)).slice(1)
  // Room for a number in the first member; JSON but for its end, which is where the size says.
  return [path.slice(1), `[{"number":"    000000000000"},${items}`.slice(0, bodyBytes)]
}

async function forked(script: string, name: string, orders: unknown): Promise<Forwarder> {
  const child = fork(join(import.meta.dirname, script))
  child.send(orders as Parameters<typeof child.send>[0])
  const [port] = (await once(child, 'message')) as [number]
  return { name, port, pid: child.pid ?? 0, stop: () => child.kill() }
}

async function recording(durability: 'normal' | 'relaxed'): Promise<Forwarder> {
  const flags = ['--durability', durability, '--listen', '127.0.0.1:0', '--quiet']
  const server = await resealServer(
    ['record', durability, '--target', `http://127.0.0.1:${backend.port}`, ...flags],
    directory,
  )
  const port = Number(new URL(server.urls[0] ?? '').port)
  return { name: `reseal ${durability}`, port, pid: server.pid, stop: () => server.stop() }
}
