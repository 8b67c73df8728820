import { spawnSync } from 'node:child_process'
import { CompactSign } from 'jose'
import { ALGORITHMS } from '../src/keys/algorithms.ts'
import { mintJwt } from '../src/keys/mint.ts'
import { signingKey } from '../src/keys/signing-key.ts'

// node bench/sign.ts: signatures a second by alg, beside jose and, for RSA, beside `openssl speed`. "a core" is a second
// of processor time, whatever the threads, as `openssl speed` counts too. Ratios count; figures depend on the machine.

/** How long each measurement runs. */
const MEASURE_MS = 700
/** Signatures under way at the same time, as under load. */
const CONCURRENCY = 8
/** Interleaved rounds of RS256 and openssl. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 7)

const claims = { iss: 'https://issuer.example', sub: 'x'.repeat(300), iat: 1, exp: 2 }
const payload = Buffer.from(JSON.stringify(claims))

const rows: Record<string, Record<string, number | string>> = {}
for (const algorithm of Object.values(ALGORITHMS)) {
  const key = algorithm.generate()
  const own = signingKey({ alg: algorithm.name, key, from: 'bench' })
  const input = Buffer.from(
    `${Buffer.from(`{"alg":"${algorithm.name}"}`).toString('base64url')}.${payload.toString('base64url')}`,
  )
  const jose = (): Promise<unknown> =>
    new CompactSign(payload).setProtectedHeader({ alg: algorithm.name }).sign(key)
  const sign = await rateOf(() => own.sign(input))
  const mint = await rateOf(() => mintJwt(own, {}, claims))
  const both = await rateOf(async () => own.verify(input, await own.sign(input)))
  const theirs = await rateOf(jose).catch(() => undefined)
  rows[algorithm.name] = {
    'sign/s': sign.perSecond,
    'sign/s a core': sign.perCoreSecond,
    'mint/s a core': mint.perCoreSecond,
    'sign+verify/s': both.perSecond,
    'jose/s': theirs?.perSecond ?? 'cannot',
    'jose/s a core': theirs?.perCoreSecond ?? 'cannot',
  }
}
process.stdout.write(table(rows))
process.stdout.write(await besideOpenssl())

interface Rate {
  readonly perSecond: number
  readonly perCoreSecond: number
}

async function rateOf(work: () => Promise<unknown>): Promise<Rate> {
  await work()
  const begin = performance.now()
  const cpu = process.cpuUsage()
  let count = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - begin < MEASURE_MS) {
      await work()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  const { user, system } = process.cpuUsage(cpu)
  return {
    perSecond: Math.round((count * 1000) / (performance.now() - begin)),
    perCoreSecond: Math.round((count * 1_000_000) / (user + system)),
  }
}

/** RS256 on this thread and in the pool, where the way there and back costs some 5 % of a core and gains a core. */
async function besideOpenssl(): Promise<string> {
  const key = ALGORITHMS.RS256.generate()
  const own = signingKey({ alg: 'RS256', key, from: 'bench' })
  const input = Buffer.from('x'.repeat(600))
  const rounds: { here: number; pooled: number; openssl: number }[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const openssl = opensslRate()
    if (openssl === undefined) return 'RS256: no openssl program to compare with\n'
    const here = await rateOf(async () => ALGORITHMS.RS256.signSync(input, key))
    const pooled = await rateOf(() => own.sign(input))
    rounds.push({ here: here.perCoreSecond, pooled: pooled.perCoreSecond, openssl })
  }
  const line = (name: 'here' | 'pooled'): string => {
    const rate = Math.round(median(rounds.map((round) => round[name])))
    const ratio = median(rounds.map((round) => round[name] / round.openssl)).toFixed(2)
    return `RS256-2048 a core, ${name.padEnd(6)} ${rate}/s, ${ratio} of openssl speed\n`
  }
  return line('here') + line('pooled')
}

/** Of `rsa 2048 bits 0.000214s 0.000013s   4670.9  77067.0` the signatures. */
function opensslRate(): number | undefined {
  const { stdout } = spawnSync('openssl', ['speed', '-seconds', '1', 'rsa2048'], { encoding: 'utf8' })
  const rate = /^rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)/m.exec(stdout ?? '')?.[1]
  return rate === undefined ? undefined : Number(rate)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function table(rows: Readonly<Record<string, Readonly<Record<string, number | string>>>>): string {
  const lines = Object.entries(rows).map(([alg, row]) => [alg, ...Object.values(row).map(String)])
  const all = [['alg', ...Object.keys(Object.values(rows)[0] ?? {})], ...lines]
  return all
    .map(
      (cells) =>
        `${cells.map((cell, index) => (index === 0 ? cell.padEnd(8) : cell.padStart(15))).join('')}\n`,
    )
    .join('')
}
