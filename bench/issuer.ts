/* eslint-disable no-console -- a bench prints its table */
import { fork, type ChildProcess } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { decodeProtectedHeader, jwtVerify } from 'jose'

// node bench/issuer.ts: POST /token (client_credentials, RS256-2048) of reseal's issuer beside a bare node:http server that
// parses the form and signs the same claims, in one interleaved run, each in a process of its own, with one key. Ratios
// count; absolute figures depend on the machine.
const ROUNDS = Number(process.env['ROUNDS'] ?? 9)
const SECONDS = Number(process.env['SECONDS'] ?? 3)
const CONNECTIONS = 16
const KID = 'bench'
const REQUEST = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'grant_type=client_credentials&client_id=bench&client_secret=secret&scope=read+write',
} as const

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const floor = await start('issuer-floor.ts')
const issuer = await start('issuer-server.ts')
try {
  await mustAgree()
  const rounds: { floor: Load; issuer: Load }[] = []
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Who goes first changes, so that what the machine does meanwhile meets both.
    const first = round % 2 === 0 ? await load(floor) : undefined
    const second = await load(issuer)
    if (round > 0) rounds.push({ floor: first ?? (await load(floor)), issuer: second })
  }
  const row = (which: 'floor' | 'issuer'): string =>
    `${Math.round(median(rounds.map((one) => one[which].perSecond)))}/s, ${median(rounds.map((one) => one[which].cpuUs)).toFixed(0)} µs of CPU`
  console.log(`node:http ${row('floor')}`)
  console.log(`reseal    ${row('issuer')}`)
  const rate = rounds.map((one) => one.issuer.perSecond / one.floor.perSecond)
  const cpu = rounds.map((one) => one.floor.cpuUs / one.issuer.cpuUs)
  console.log(`rate ${spread(rate)}  CPU ${spread(cpu)}  (${ROUNDS} rounds, ${availableParallelism()} cores)`)
} finally {
  floor.child.kill()
  issuer.child.kill()
}

interface Server {
  readonly url: string
  readonly child: ChildProcess
}

async function start(file: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, file))
  child.send({ pem: privateKey.export({ type: 'pkcs8', format: 'pem' }), kid: KID })
  const [url] = await once(child, 'message')
  return { url: String(url), child }
}

/** A rate counts only for the right answer: good tokens with the same header and the same claims. */
async function mustAgree(): Promise<void> {
  const [a, b] = await Promise.all([shapeOf(floor), shapeOf(issuer)])
  if (a !== b) throw new Error(`The servers give different tokens: ${a} and ${b}`)
}

async function shapeOf({ url }: Server): Promise<string> {
  const response = await fetch(`${url}/token`, REQUEST)
  const { access_token: token, ...rest } = (await response.json()) as { access_token: string }
  const { payload } = await jwtVerify(token, createPublicKey(privateKey), { issuer: url, audience: url })
  const lengths = Object.entries(payload).map(([name, value]) => `${name} ${String(value).length}`)
  return JSON.stringify([decodeProtectedHeader(token), lengths, rest])
}

interface Load {
  readonly perSecond: number
  /** CPU time of the server for a request, user and system, all threads, in microseconds. */
  readonly cpuUs: number
}

async function load({ url, child }: Server): Promise<Load> {
  const before = cpuUsOf(child)
  const result = await autocannon({
    url: `${url}/token`,
    connections: CONNECTIONS,
    duration: SECONDS,
    ...REQUEST,
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url} failed`)
  return { perSecond: result.requests.average, cpuUs: (cpuUsOf(child) - before) / result.requests.total }
}

/** Linux counts CPU time in ticks of 10 ms. */
function cpuUsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  return `${median(values).toFixed(2)} (${(sorted[0] ?? 0).toFixed(2)}–${(sorted.at(-1) ?? 0).toFixed(2)})`
}
