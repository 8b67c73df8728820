import { CompactSign } from 'jose'
import { ALGORITHMS } from '../src/keys/algorithms.ts'
import { signingKey } from '../src/keys/signing-key.ts'

/** How long each measurement runs. */
const MEASURE_MS = 700
/** Signatures under way at the same time, as under load. */
const CONCURRENCY = 8

const claims = Buffer.from(
  JSON.stringify({ iss: 'https://issuer.example', sub: 'x'.repeat(300), iat: 1, exp: 2 }),
)

/** Signatures per second: SigningKey.sign and a verify of it, as replay does it, beside jose's CompactSign. */
const rows: Record<string, Record<string, number | string>> = {}
for (const algorithm of Object.values(ALGORITHMS)) {
  const key = algorithm.generate()
  const own = signingKey({ alg: algorithm.name, key, from: 'bench' })
  const input = Buffer.from(
    `${Buffer.from(`{"alg":"${algorithm.name}"}`).toString('base64url')}.${claims.toString('base64url')}`,
  )
  const jose = (): Promise<unknown> =>
    new CompactSign(claims).setProtectedHeader({ alg: algorithm.name }).sign(key)
  rows[algorithm.name] = {
    'sign/s': await perSecond(() => own.sign(input)),
    'sign + verify/s': await perSecond(async () => own.verify(input, await own.sign(input))),
    'jose/s': await perSecond(jose).catch(() => 'cannot'),
  }
}
process.stdout.write(table(rows))

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  await work()
  const begin = performance.now()
  let count = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - begin < MEASURE_MS) {
      await work()
      count += 1
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return Math.round((count * 1000) / (performance.now() - begin))
}

function table(rows: Readonly<Record<string, Readonly<Record<string, number | string>>>>): string {
  const lines = Object.entries(rows).map(([alg, row]) => [alg, ...Object.values(row).map(String)])
  const all = [['alg', ...Object.keys(Object.values(rows)[0] ?? {})], ...lines]
  return all
    .map(
      (cells) =>
        `${cells.map((cell, index) => (index === 0 ? cell.padEnd(8) : cell.padStart(17))).join('')}\n`,
    )
    .join('')
}
