import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { resealServer } from '../demo/reseal-process.ts'
import { aPair } from '../support/a-pair.ts'
import { aSnapshot } from '../support/a-replay.ts'

for (const [signal, code] of [
  ['SIGTERM', 0],
  ['SIGKILL', null],
] as const) {
  test(`no worker outlives its replay after ${signal}`, async (t) => {
    const directory = await aSnapshot(t, [aPair({ request: { target: '/a' } })])
    const args = ['replay', 't', '--snapshots', join(directory, 'snapshots'), '--listen', '127.0.0.1:0']
    const server = await resealServer([...args, '--workers', '3'], directory)
    assert.equal((await fetch(`${server.urls[0]}/a`, { headers: { connection: 'close' } })).status, 200)
    process.kill(server.pid, signal)
    // Workers write to the same pipe, which closes with the last of them.
    assert.equal((await server.stop()).code, code)
  })
}
