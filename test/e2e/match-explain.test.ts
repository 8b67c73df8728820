import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reseal } from '../demo/reseal-process.ts'
import { aPair } from '../support/a-pair.ts'
import { aSnapshot } from '../support/a-replay.ts'

test('match explain says which pair answers, why none does, and exits 4 where one is missing', async (t) => {
  const route = { listen: '127.0.0.1:1', target: 'https://api.test' }
  const directory = await aSnapshot(t, [
    aPair({ id: 1, route, request: { target: '/a?ts=1764000000' } }),
    aPair({ id: 2, route, request: { target: '/a?ts=1764000000' } }),
  ])
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  write('two.sh', `curl https://api.test/a?ts=1764000000\ncurl 'http://127.0.0.1:8080/a?ts=1764000000'\n`)
  write('miss.http', 'GET /a?ts=1764999999 HTTP/1.1\nHost: 127.0.0.1:8080\n\n')

  const hits = await reseal(['match', 'explain', 't', '--request', 'two.sh'], directory)
  assert.deepEqual(
    [hits.code, hits.stdout, hits.stderr],
    [0, 'GET /a?ts=1764000000: pair 1\nGET /a?ts=1764000000: pair 2\n', ''],
  )

  const miss = await reseal(['match', 'explain', 't', '--request', 'miss.http', '--json'], directory)
  assert.equal(miss.code, 4)
  const { requests } = JSON.parse(miss.stdout) as {
    requests: { verdict: string; cause: string; yaml: string }[]
  }
  assert.deepEqual([requests[0]?.verdict, requests[0]?.cause], ['miss', 'timestamp'])

  mkdirSync(join(directory, 'transforms'))
  write('transforms/t.yaml', requests[0]?.yaml ?? '')
  const pasted = await reseal(['match', 'explain', 't', '--request', 'miss.http'], directory)
  assert.deepEqual([pasted.code, pasted.stdout], [0, 'GET /a?ts=1764999999: pair 1\n'])

  const unknown = await reseal(
    ['match', 'explain', 't', '--request', 'miss.http', '--target', 'https://other.test'],
    directory,
  )
  assert.equal(unknown.code, 2)
  assert.match(
    unknown.stderr,
    /The snapshot has no backend https:\/\/other\.test\n.*It recorded https:\/\/api\.test/,
  )
  const nothing = await reseal(['match', 'explain', 't', '--request', 'none.http'], directory)
  assert.equal(nothing.code, 3)
  assert.match(nothing.stderr, /Cannot read none\.http/)
})
