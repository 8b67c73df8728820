/* eslint-disable no-console -- the table is what it is for */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { abortRequests } from '../test/torture/aborts.ts'
import { keepConnections } from '../test/torture/connections.ts'
import { fillDisk } from '../test/torture/disk-full.ts'
import { drainInFlight } from '../test/torture/drain.ts'
import { killRounds } from '../test/torture/kill.ts'
import { passLarge } from '../test/torture/large.ts'
import { slowClients } from '../test/torture/slow.ts'

// npm run torture: what `npm test` does in small, at full size, with real processes on this machine. ONLY=kill,large
// runs some of it. Connections need `ulimit -n` above 11,000, and the full disk needs root.
interface Row {
  readonly held: boolean
  readonly found: string
}

const TORTURES: Readonly<Record<string, (directory: string) => Promise<Row>>> = {
  async kill(directory) {
    const { delivered, missing, problems } = await killRounds({
      directory,
      rounds: 50,
      clients: 16,
      durability: 'normal',
    })
    const found = `50 rounds, ${delivered} exchanges delivered, ${missing} missing, ${problems.length} problems`
    return { held: missing === 0 && problems.length === 0, found }
  },
  async relaxed(directory) {
    const result = await killRounds({ directory, rounds: 20, clients: 16, durability: 'relaxed' })
    const found = `20 rounds, ${result.delivered} delivered, ${result.missing} missing, ${result.missingAtMost} at most in one`
    return { held: result.missingAtMost <= 256 && result.problems.length === 0, found }
  },
  async drain(directory) {
    const { whole, exitCode, tookMs, refusal } = await drainInFlight(directory, 50)
    const found = `${whole} of 50 whole, exit ${exitCode} after ${tookMs.toFixed(0)} ms, new ones ${refusal}`
    return { held: whole === 50 && exitCode === 0 && tookMs < 10_000, found }
  },
  async disk(directory) {
    const { asked, wrong, exitCode, verdict } = await fillDisk(directory, 400)
    const lost = verdict.gaps.reduce((sum, { exchanges }) => sum + exchanges, 0)
    const found = `${asked} asked, ${wrong} wrong answers, ${verdict.pairs} stored, ${lost} in gaps, exit ${exitCode}, ${verdict.problems.length} problems`
    return { held: wrong === 0 && verdict.pairs + lost === asked && exitCode === 1, found }
  },
  async large(directory) {
    const { downHashesEqual, upHashesEqual, growthMb } = await passLarge(directory, 1024 ** 3)
    const found = `1 GiB down ${downHashesEqual}, 1 GiB up ${upHashesEqual}, memory grew by ${growthMb} MB`
    return { held: downHashesEqual && upHashesEqual && growthMb <= 128, found }
  },
  async connections(directory) {
    const { connections, answered, kbEach } = await keepConnections(directory, 10_000)
    const found = `${connections} open, ${answered} answered, ${kbEach.toFixed(1)} KB each`
    return { held: connections === 10_000 && answered === 10_000 && kbEach <= 32, found }
  },
  async aborts(directory) {
    const { marked, releasedMs, handles } = await abortRequests(directory, 300)
    const found = `${marked} of 300 marked, upstream released after ${releasedMs.toFixed(0)} ms at most, descriptors ${handles.join(' → ')}`
    return { held: marked === 300 && releasedMs < 1000 && handles[1] <= handles[0] + 5, found }
  },
  async slow(directory) {
    const { cutAfterMs, p99Ms } = await slowClients(directory, 500, '10s', 8000)
    const found = `500 cut after ${(cutAfterMs / 1000).toFixed(1)} s, p99 ${p99Ms.map((ms) => ms.toFixed(1)).join(' → ')} ms`
    return { held: cutAfterMs <= 15_000 && p99Ms[1] <= 2 * p99Ms[0], found }
  },
}

const only = process.env['ONLY']?.split(',')
for (const [name, torture] of Object.entries(TORTURES)) {
  if (only?.includes(name) === false) continue
  const directory = mkdtempSync(join(tmpdir(), 'reseal-torture-'))
  try {
    const { held, found } = await torture(directory)
    console.log(`${held ? 'held ' : 'BROKE'}  ${name.padEnd(12)}${found}`)
    if (!held) process.exitCode = 1
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
