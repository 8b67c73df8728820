import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { PairId } from '../../src/core/pair.ts'
import { rememberedAnswers } from '../../src/respond/remembered-answers.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { aPair, type PairFields } from '../support/a-pair.ts'
import { record, recorded, snapshotDirectory } from '../store/snapshot-directory.ts'

const NO_WAITS = { pace: undefined, latency: undefined }

/** Answers over a snapshot of these pairs, and how many were read whole. */
async function answersOf(context: TestContext, pairs: readonly PairFields[]) {
  const file = join(snapshotDirectory(context), 'answers.db')
  await recorded(
    file,
    pairs.map((fields, at) => aPair({ ...fields, id: at + 1 })),
  )
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  let wholes = 0
  const source = {
    answer: (id: PairId) => {
      wholes += 1
      return reader.answer(id)
    },
    bodyAt: reader.bodyAt,
  }
  const answers = rememberedAnswers(source, NO_WAITS, pairs.length)
  return { file, answers, wholes: () => wholes }
}

function textOf(body: Uint8Array | undefined): string | undefined {
  return body && Buffer.from(body).toString()
}

suite('remembered answers', () => {
  test('are the recorded ones, with their own heads, and their pairs are not read again', async (context) => {
    const { answers, wholes } = await answersOf(
      context,
      Array.from({ length: 60 }, (_, at) => ({
        response: {
          status: 200 + (at % 3),
          headers: [
            ['Content-Type', at % 2 === 0 ? 'text/plain' : 'text/html'],
            ['Content-Length', String(`body ${at}`.length)],
          ],
          body: `body ${at}`,
        },
      })),
    )
    const first = Array.from({ length: 60 }, (_, at) => answers.read(at + 1))
    for (const [at, whole] of first.entries()) {
      const { headMemo: _, body, ...again } = answers.again(at + 1) ?? assert.fail(`${at} is not remembered`)
      assert.ok(whole !== undefined && again.reason === whole.reason)
      assert.deepEqual({ ...again, body: textOf(body) }, { ...whole, body: `body ${at}` })
    }
    assert.equal(wholes(), 60)
  })

  test('are not those that travel in a way of their own, have trailers, no content, or content on several pages', async (context) => {
    const { answers } = await answersOf(context, [
      { response: { headers: [], body: 'ends with its connection' } },
      { outcome: 'upstream aborted', error: 'ECONNRESET' },
      { response: { trailers: [['Grpc-Status', '0']] } },
      { response: { status: 204, headers: [], body: '' } },
      { response: { body: Buffer.alloc(5000, 'x') } },
    ])
    for (let id = 1; id <= 5; id += 1) {
      assert.ok(answers.read(id))
      assert.equal(answers.again(id), undefined, String(id))
    }
  })

  test('are found ahead once many are asked for', async (context) => {
    const count = 1100
    const { answers } = await answersOf(
      context,
      Array.from({ length: count }, (_, at) => ({ response: { body: `answer ${at + 1}` } })),
    )
    for (let id = 1; id <= 1024; id += 1) answers.read(id)
    while (answers.again(count) === undefined) await turn()
    assert.equal(textOf(answers.again(count)?.body), `answer ${count}`)
  })

  test('are forgotten when another program changes the file, and when a recorder takes it', async (context) => {
    const { file, answers } = await answersOf(context, [{ response: { body: 'before' } }, {}])
    answers.read(1)
    assert.equal(textOf(answers.again(1)?.body), 'before')
    const db = new DatabaseSync(file, { timeout: 10_000 })
    db.exec("UPDATE body SET bytes = CAST('behind' AS BLOB) WHERE bytes = CAST('before' AS BLOB)")
    db.close()
    while (answers.again(1) !== undefined) await turn()
    assert.equal(textOf(answers.read(1)?.body), 'behind')
    const writer = await record(file, { append: true })
    while (answers.again(1) !== undefined) await turn()
    assert.equal(textOf(answers.read(1)?.body), 'behind')
    await writer.put(aPair({ id: writer.nextId }))
    await writer.close()
    assert.equal(textOf(answers.read(1)?.body), 'behind')
  })
})
