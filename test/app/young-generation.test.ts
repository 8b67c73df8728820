import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const MODULE = join(import.meta.dirname, '../../src/app/young-generation.ts')

/** Keeps 512 KB of new objects a turn alive for some turns, and prints how large the young generation was at most. */
const WORK = `
import { setTimeout } from 'node:timers/promises'
import { boundYoungGeneration, youngBytes } from ${JSON.stringify(MODULE)}
const end = process.argv[1] === 'bounded' ? boundYoungGeneration(1) : () => {}
const kept = []
let most = 0
for (let turn = 0; turn < 300; turn += 1) {
  kept[turn % 128] = Array.from({ length: 8192 }, (_, at) => ({ at, turn }))
  if (turn % 2 === 0) await setTimeout(2)
  most = Math.max(most, youngBytes())
}
end()
process.stdout.write(String(most))
`

async function mostBytes(which: string, ...flags: readonly string[]): Promise<number> {
  const args = [...flags, '--input-type=module', '--eval', WORK, which]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

test('the young generation of V8 grows to 32 MiB and no further where it is bounded, by this Node as well', async () => {
  const [bounded, free, own] = await Promise.all([
    mostBytes('bounded'),
    mostBytes('free'),
    mostBytes('bounded', '--max-semi-space-size=32'),
  ])
  const MIB = 1024 * 1024
  assert.deepEqual(
    [bounded <= 32 * MIB, bounded > 8 * MIB, free > 32 * MIB, own > 32 * MIB],
    [true, true, true, true],
    JSON.stringify({ bounded, free, own }),
  )
})
