/* eslint-disable no-console -- a bench prints its table */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { installRivals } from './rivals/install.ts'
import { startCommand, waitUntilUp, type Rival } from './rivals/rival.ts'
import { rivals } from './rivals/rivals.ts'
import { cpuUsOf, memoryOf } from './support/load.ts'

// npm run bench:rivals: requests per second of reseal and of what others use for the same, each with as many stubs of
// 1 KB JSON, asked for at random. Each has to answer its last stub right before it counts. Linux only; not part of CI.
const STUBS = (process.env['STUBS'] ?? '10,1000,100000').split(',').map(Number)
const SECONDS = Number(process.env['SECONDS'] ?? 5)
const UP_MS = Number(process.env['UP_MS'] ?? 60_000)
const WARM_UP_SECONDS = 3
const CONNECTIONS = 16

const home = join(tmpdir(), 'reseal-bench-rivals')
installRivals(home)
const runs = mkdtempSync(join(tmpdir(), 'reseal-rivals-'))
try {
  console.log(
    '| program | stubs | up after | requests/s | CPU a request | RSS |\n| --- | --- | --- | --- | --- | --- |',
  )
  for (const stubs of STUBS) {
    for (const rival of rivals(home)) console.log(await rowOf(rival, stubs))
  }
} finally {
  rmSync(runs, { recursive: true, force: true })
}

async function rowOf(rival: Rival, stubs: number): Promise<string> {
  const directory = join(runs, `${rival.name.split(' ', 1)[0] ?? ''}-${stubs}`)
  mkdirSync(directory)
  const port = 21_000 + Math.floor(Math.random() * 10_000)
  const child = startCommand(await rival.prepare(stubs, directory, port), directory)
  try {
    const upMs = await waitUntilUp(child, port, stubs, UP_MS)
    if (upMs === undefined) return `| ${rival.name} | ${stubs} | not within ${UP_MS / 1000} s | | | |`
    const pid = child.pid ?? 0
    const ended = `| ${rival.name} | ${stubs} | ${seconds(upMs)} | ended under load | | |`
    // Just-in-time compilers, of Java and of JavaScript, have done their work by then.
    await ask(port, stubs, WARM_UP_SECONDS)
    if (child.exitCode !== null) return ended
    const before = cpuUsOf(pid)
    const { requests, non2xx, errors } = await ask(port, stubs, SECONDS)
    if (child.exitCode !== null) return ended
    if (non2xx > 0 || errors > 0)
      return `| ${rival.name} | ${stubs} | ${seconds(upMs)} | ${non2xx} wrong answers, ${errors} errors | | |`
    const cpuUs = Math.round((cpuUsOf(pid) - before) / requests.total)
    const rate = Math.round(requests.total / SECONDS)
    return `| ${rival.name} | ${stubs} | ${seconds(upMs)} | ${rate} | ${cpuUs} µs | ${memoryOf(pid).rssMb} MB |`
  } finally {
    child.kill('SIGKILL')
  }
}

function ask(port: number, stubs: number, duration: number): Promise<autocannon.Result> {
  return autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: CONNECTIONS,
    duration,
    requests: [{ setupRequest: (request) => ({ ...request, path: anyPath(stubs) }) }],
  })
}

function anyPath(stubs: number): string {
  return `/items/${1 + Math.floor(Math.random() * stubs)}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
