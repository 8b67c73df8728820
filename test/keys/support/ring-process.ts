import { createKeyRing } from '../../../src/keys/ring/key-ring.ts'
import { BEGIN } from './a-ring.ts'

// A process that opens the ring of a directory at the moment it is told, rotates it some times, and prints its kids.
const [directory = '', rotations = '0'] = process.argv.slice(2)
process.stdin.once('data', () => void run())

async function run(): Promise<void> {
  const ring = await createKeyRing({ algs: ['ES256'], now: BEGIN, directory })
  const first = ring.signer(BEGIN).kid
  for (let turn = 1; turn <= Number(rotations); turn += 1) {
    await ring.rotate(BEGIN + turn, { leadSeconds: 0 })
  }
  await ring.tick(BEGIN + Number(rotations))
  process.stdout.write(JSON.stringify({ first, kids: ring.keys(BEGIN).map(({ kid }) => kid) }))
  process.exit(0)
}
