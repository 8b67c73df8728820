import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reseal } from '../demo/reseal-process.ts'
import { killRounds } from './kill.ts'
import { tortureDirectory } from './torture-directory.ts'

for (const durability of ['normal', 'full'] as const) {
  test(`a recorder that is killed under load lost nothing that a client had whole (${durability})`, async (context) => {
    const directory = tortureDirectory(context)
    const { delivered, missing, problems } = await killRounds({
      directory,
      rounds: 3,
      clients: 16,
      durability,
    })
    assert.ok(delivered > 400, `${delivered} were delivered`)
    assert.deepEqual([missing, problems], [0, []])
    const { code, stdout } = await reseal(['verify', 'killed'], directory)
    assert.equal(code, 0, stdout)
  })
}

test('with --durability relaxed a killed recorder lost its window at most', async (context) => {
  const directory = tortureDirectory(context)
  const { delivered, missingAtMost, problems } = await killRounds({
    directory,
    rounds: 2,
    clients: 16,
    durability: 'relaxed',
  })
  assert.ok(delivered > 100, `${delivered} were delivered`)
  assert.ok(missingAtMost <= 256, `${missingAtMost} of one round are missing`)
  assert.deepEqual(problems, [])
})
