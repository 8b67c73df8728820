import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import { atOnce } from '../../src/core/sliced.ts'
import { RECORDING_INDEX } from '../../src/app/recording-index-url.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { DEFAULT_RULES, oneRule } from '../../src/match/match-rules.ts'
import { QUESTION_VERSION, questionKey } from '../../src/match/question-key.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { subjectOf } from '../../src/match/subject.ts'
import { askedColumns } from '../../src/respond/asked-scan.ts'
import { openSnapshot, type SnapshotReader } from '../../src/store/snapshot-reader.ts'
import { aPair, aRequest, type PairFields } from '../support/a-pair.ts'
import { record, snapshotDirectory } from './snapshot-directory.ts'

const BOOK = oneRule(DEFAULT_RULES)
const INDEXED = { indexer: RECORDING_INDEX }

const EXCHANGES: readonly PairFields[] = [
  {},
  { request: { target: '/b?y=1&x=2' }, route: { listen: 'a', target: 'http://other.example.com' } },
  { request: { method: 'POST', body: '{"b":1,"a":2}', headers: [['Content-Type', 'application/json']] } },
  { request: { headers: [['Authorization', `Basic ${Buffer.from('ann:pw').toString('base64')}`]] } },
  { request: { headers: [['Authorization', `Basic ${Buffer.from('bob:pw').toString('base64')}`]] } },
  { response: null },
  { outcome: 'client aborted', error: 'gone', request: { target: '/stream' } },
  { requestTruncated: true },
  { request: { target: '/a' }, route: { listen: 'b', target: 'http://staging.example.com' } },
]

const pairs = (): RRPair[] => EXCHANGES.map((fields, at) => aPair({ id: at + 1, ...fields }))

function opened(context: TestContext, file: string): SnapshotReader {
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  return reader
}

/** Names in place of numbers, which may differ in their order. */
function meaning(pair: Pick<SnapshotReader, 'asked' | 'askedColumns'>): unknown {
  const { ids, keys, origins, subjects, flags, originNames, subjectNames } = atOnce(askedColumns(pair, BOOK))
  return Array.from(ids, (id, at) => ({
    id,
    key: Array.from(keys.slice(at * 4, at * 4 + 4)),
    origin: originNames[origins[at] ?? -1],
    subject: subjectNames[(subjects[at] ?? 0) - 1],
    flags: flags[at],
  }))
}

/** Says the same as reading every request would. */
function assertKept(reader: SnapshotReader): void {
  assert.ok(reader.askedColumns(QUESTION_VERSION) !== undefined, 'it is kept')
  assert.deepEqual(meaning(reader), meaning({ asked: () => reader.asked(), askedColumns: () => undefined }))
}

suite('what pairs asked is kept in the snapshot', () => {
  test('as reading every request would tell, in whatever order they were stored', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, INDEXED)
    for (const pair of pairs().toReversed()) await writer.put(pair)
    await writer.close()
    assertKept(opened(context, file))
  })

  test('while it is being recorded, and when the request of a pair becomes whole later', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, INDEXED)
    await Promise.all(pairs().map((pair) => writer.put(pair)))
    const early = aPair({ id: 50, request: { method: 'POST', body: 'beg' }, requestTruncated: true })
    await writer.put(early)
    await writer.amend(aPair({ id: 50, request: { method: 'POST', body: 'beginning and end' } }))
    const reader = opened(context, file)
    assertKept(reader)
    await writer.close()
    assertKept(reader)
  })

  test('for pairs of an earlier recording too, once one that indexes is appended', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const without = await record(file)
    await Promise.all(pairs().map((pair) => without.put(pair)))
    await without.close()
    assert.equal(opened(context, file).askedColumns(QUESTION_VERSION), undefined)
    const writer = await record(file, { append: true, ...INDEXED })
    await writer.put(aPair({ id: writer.nextId, request: { target: '/new' } }))
    await writer.close()
    assertKept(opened(context, file))
  })

  test('in a few rows however many transactions there were', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, INDEXED)
    for (let id = 1; id <= 60; id += 1) await writer.put(aPair({ id, request: { target: `/${id}` } }))
    await writer.close()
    const db = new DatabaseSync(file, { readOnly: true })
    assert.equal(db.prepare('SELECT count(*) AS n FROM asked_run').get()?.['n'], 1)
    db.close()
    assertKept(opened(context, file))
  })

  test('and not believed when it is of another version, lacks a pair or is not whole', async (context) => {
    const spoilings = [
      'UPDATE asked_run SET version = version + 1',
      'DELETE FROM asked_run',
      'UPDATE asked_run SET entries = substr(entries, 1, 35)',
      'UPDATE asked_run SET entries = substr(entries, 37)',
      'DELETE FROM asked_subject',
      "INSERT INTO asked_run (version, entries) SELECT version, CAST(entries || x'00' AS BLOB) FROM asked_run",
    ]
    for (const sql of spoilings) {
      const file = join(snapshotDirectory(context), 'demo.db')
      const writer = await record(file, INDEXED)
      await Promise.all(pairs().map((pair) => writer.put(pair)))
      await writer.close()
      const db = new DatabaseSync(file)
      db.exec(sql)
      db.close()
      assert.equal(opened(context, file).askedColumns(QUESTION_VERSION), undefined, sql)
    }
  })

  test('but not used where a placeholder stands in a question, which is read by the rules of the replay', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, INDEXED)
    await writer.put(aPair({ id: 1, request: { target: '/a?key=redacted-api_key-1' } }))
    await writer.close()
    const reader = opened(context, file)
    let scanned = 0
    const source = {
      asked: () => {
        scanned += 1
        return reader.asked()
      },
      askedColumns: (version: number) => reader.askedColumns(version),
    }
    atOnce(askedColumns(source, BOOK))
    assert.equal(scanned, 1)
  })
})

test('keys and subjects are what they were: when this fails, raise QUESTION_VERSION and write the new ones here', () => {
  const jwt = 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkcCIsInN1YiI6InUiLCJpYXQiOjF9.'
  const requests = [
    aRequest(),
    aRequest({ target: '/a/b?y=1&x=2&x=1&e=&n#f' }),
    aRequest({ target: `/t?token=${jwt}` }),
    aRequest({ method: 'POST', body: '{"b":[1,1.0,{"z":"\\u00e9"}],"a":null}' }),
    aRequest({
      method: 'POST',
      body: 'b=2&a=1&a=%20',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    }),
    aRequest({ method: 'PUT', body: Uint8Array.of(0, 255, 1) }),
    aRequest({
      method: 'POST',
      headers: [['Content-Type', 'multipart/form-data; boundary=x']],
      body: '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
    }),
    aRequest({ target: `/${'long'.repeat(300)}` }),
    aRequest({
      headers: [
        ['Connection', 'keep-alive, Upgrade'],
        ['Upgrade', 'websocket'],
      ],
    }),
    aRequest({ method: 'POST', body: Buffer.from('{"a b":"\\u00e9\\/\xff","a":1,"a":0}', 'latin1') }),
  ]
  const keys = requests.map((request) => questionKey(signatureOf(request, DEFAULT_RULES)).toString('hex'))
  const subject = subjectOf([['Authorization', `Bearer ${jwt}`]])
  assert.deepEqual([QUESTION_VERSION, keys.join(' '), subject], GOLDEN)
})

const GOLDEN: unknown = [
  3,
  [
    '12079a5b6ffa933736a8aab93b39f5c6 29eb4719a1ba3c0f3887fd8592688fe9 18433779558c7843ef868e4f91e4f5b7',
    '02379094f7a7df3bd243bc3dd6d1a124 cf4ffdb6f3410c26897308ff70805aab e5bca80f0cf3645f090fca27be02d285',
    'dccef74a74ebb805877f1b8ba9bac2ba 2ad9ba7ba7682ebf986f5c5c766b1664 50c13f274bc450b70deb393e612e4052',
    '1414712d17fe385809234eeb65fd3601',
  ].join(' '),
  {
    exact: '["\\"https://idp\\"","sub \\"u\\"","-","-","-"]',
    person: '"https://idp" sub "u"',
    name: 'sub "u"',
  },
]
