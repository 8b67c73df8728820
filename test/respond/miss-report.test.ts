import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missLogLines, missResponse } from '../../src/respond/miss-report.ts'
import { aRequest } from '../support/a-pair.ts'

const TEXT = aRequest({ headers: [['Accept', 'text/plain']] })

test('a report that not all pairs were compared for says so, as JSON, as text and in the log', () => {
  const found = { near: [], compared: { pairs: 2048, of: 100_000 } }
  const text = (request: ReturnType<typeof aRequest>): string =>
    Buffer.from(missResponse(request, found, 404).body).toString()
  assert.deepEqual(JSON.parse(text(aRequest())).compared, { pairs: 2048, of: 100_000 })
  const sentence =
    'It was compared with 2048 of 100000 pairs so far; asked again later, it may be nearer to another one.'
  assert.equal(text(TEXT).split('\n')[1], sentence)
  assert.equal(missLogLines(TEXT, found)[1], `  ${sentence}`)
})

test('a report that all pairs were compared for says nothing of it', () => {
  assert.doesNotMatch(Buffer.from(missResponse(TEXT, { near: [] }, 404).body).toString(), /compared/)
  assert.doesNotMatch(Buffer.from(missResponse(aRequest(), { near: [] }, 404).body).toString(), /compared/)
})
