import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bytesOfText } from '../../src/core/binary-text.ts'
import { recordingIndex } from '../../src/app/recording-index-module.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { DEFAULT_RULES } from '../../src/match/match-rules.ts'
import { QUESTION_VERSION, questionKey } from '../../src/match/question-key.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { subjectOf } from '../../src/match/subject.ts'
import { secretClasses } from '../../src/redact/classes.ts'
import { REDACT_ALL, REDACT_NOTHING } from '../../src/redact/definition.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import type { SnapshotReader } from '../../src/store/snapshot-reader.ts'
import { aPair, aRequest, type PairFields, type RequestFields } from '../support/a-pair.ts'
import { INDEXED, meaning, opened } from './asked-meaning.ts'
import { record, snapshotDirectory } from './snapshot-directory.ts'

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

/** After so many others. */
const secretPairs = (count: number): RRPair[] =>
  [
    { target: '/a?api_key=k1&page=1' },
    {
      method: 'POST',
      body: '{"user":"ann","password":"p1"}',
      headers: [['Content-Type', 'application/json']],
    },
    {
      method: 'POST',
      body: gzipSync('grant_type=refresh_token&refresh_token=r1'),
      headers: [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Content-Encoding', 'gzip'],
      ],
    },
    // A header field does not count.
    { target: '/h', headers: [['Authorization', 'Bearer opaque-token-1']] },
  ].map((request, at) => aPair({ id: count + at + 1, request: request as RequestFields }))

/** Says the same as reading every request would. */
function assertKept(reader: SnapshotReader): void {
  assert.ok(reader.askedColumns(QUESTION_VERSION, 0) !== undefined, 'it is kept')
  assert.deepEqual(meaning(reader), meaning({ ...reader, askedColumns: () => undefined }))
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
    assert.equal(opened(context, file).askedColumns(QUESTION_VERSION, 0), undefined)
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
      assert.equal(opened(context, file).askedColumns(QUESTION_VERSION, 0), undefined, sql)
    }
  })

  test('of redacted requests too, which are read again only where other rules redacted them', async (context) => {
    const rules = compileRules(REDACT_ALL)
    const redact = createRedactor(rules)
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, { indexer: recordingIndex(rules) })
    for (const pair of [...pairs(), ...secretPairs(EXCHANGES.length)]) await writer.put(redact(pair))
    await writer.close()
    const reader = opened(context, file)
    const others = compileRules({ ...REDACT_ALL, query: ['pin'] })
    const unsigned = compileRules({ ...REDACT_ALL, jwt: false })
    for (const [wanted, read] of [
      [rules, []],
      [unsigned, []],
      [others, [10, 11, 12]],
      [compileRules(REDACT_NOTHING), [10, 11, 12]],
    ] as const) {
      const asked: number[] = []
      const source = {
        askedPages: () => assert.fail('every pair was read'),
        requestPages: () => assert.fail('every request was read'),
        askedColumns: (version: number, redaction: number) => reader.askedColumns(version, redaction),
        pair: (id: number) => {
          asked.push(id)
          return reader.pair(id)
        },
      }
      const secrets = secretClasses(wanted)
      assert.deepEqual(
        meaning(source, secrets),
        meaning({ ...reader, askedColumns: () => undefined }, secretClasses(wanted)),
      )
      assert.deepEqual(asked, read)
      const login = aRequest({ target: '/a?page=1&api_key=live' })
      assert.equal(secrets.asked(login) === undefined, wanted.idle)
    }
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
  const keys = requests.map((request) =>
    bytesOfText(questionKey(signatureOf(request, DEFAULT_RULES))).toString('hex'),
  )
  const subject = subjectOf([['Authorization', `Bearer ${jwt}`]])
  assert.deepEqual([QUESTION_VERSION, keys.join(' '), subject], GOLDEN)
})

const GOLDEN: unknown = [
  4,
  [
    '0ae01bcc562740155606dff0a59bbe16 d74d53c68a892c7d8afe41bf85d018ad 052940ab2273395e159928de0b22b488',
    '712e81f5dfff114b68d19b10b75d464e 2c82ca3aa966c3513bf29cb06ccef7c7 7acc3941b659f8cde9f730e4c0623f92',
    'cd0bdff88e0ed0c55bb40dcc8357d3b5 b14dfe6d5b1b4d0f9e541c356587e085 501c0271c7d592d58786618ab97758cf',
    'e5aca5a3e7f2ff52c476207e845a89a4',
  ].join(' '),
  {
    exact: '["\\"https://idp\\"","sub \\"u\\"","-","-","-"]',
    person: '"https://idp" sub "u"',
    name: 'sub "u"',
  },
]
