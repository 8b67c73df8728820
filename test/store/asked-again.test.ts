import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { sha256 } from '../../src/app/loaded-snapshot.ts'
import type { RecordedRequest, RRPair } from '../../src/core/pair.ts'
import { NO_CLASSES } from '../../src/redact/classes.ts'
import type { AskedSource } from '../../src/respond/asked-scan.ts'
import { aPair, type RequestFields } from '../support/a-pair.ts'
import { ASKED, requestOf } from '../support/asked.ts'
import { matchOf } from '../support/match.ts'
import { INDEXED, meaning, opened } from './asked-meaning.ts'
import { record, recorded, snapshotDirectory } from './snapshot-directory.ts'

const mayHoldUuid = ({ target, body }: RRPair['request']): boolean =>
  /%|-....-....-....-/.test(`${target} ${Buffer.from(body).toString('latin1')}`)

/** Documents, and how many of the requests of {@link VARIED} they have read again; undefined for all. */
const DOCUMENTS: readonly (readonly [
  string,
  ((target: string, request: RRPair['request']) => boolean) | undefined,
])[] = [
  ['sequence: once', () => false],
  ['subject: require, session: jwt sub', () => false],
  ['ignore: { query: [ts] }', (target) => /ts|%/.test(target)],
  ['ignore: { query: ["filter[a]"] }', (target) => /[?%]/.test(target)],
  ['ignore: { json: [$.a] }', (_, { body }) => body.length > 0],
  ['ignore: { form: [a], parts: [b] }', (_, { body }) => body.length > 0],
  ['ignore: { path: ["/a/{id}"] }', (target) => /\/a|%/.test(target)],
  ['ignore: { path: ["/{id}"], query: [b] }', (target) => /b|%|./.test(target)],
  ['ignore: { path: ["/a{/}"] }', (target) => /\/a|%/.test(target)],
  ['ignore: { method: [post, PUT] }', (_, { method }) => ['POST', 'PUT'].includes(method)],
  ['ignore: { host: [other.example.com] }', () => false],
  ['ignore: { kinds: [uuid] }', (_, request) => mayHoldUuid(request)],
  ['ignore: { kinds: [uuid, timestamp] }', undefined],
  ['headers: [accept-language]', undefined],
  ['headers: [accept-language], ignore: { headers: [accept-language] }', () => false],
  ['rules: [{ filters: { path: /a/** }, sequence: loop }]', () => false],
  [
    'rules: [{ filters: { path: /a/** }, ignore: { query: [ts] } }]',
    (target) => /%/.test(target) || (/\/a/.test(target) && /ts/.test(target)),
  ],
  [
    'rules: [{ filters: { method: post }, ignore: { kinds: [uuid] } }]',
    (_, request) => request.method === 'POST' && mayHoldUuid(request),
  ],
  [
    'rules: [{ filters: { host: other.example.com }, ignore: { query: [a] } }]',
    (target) => /a|%/.test(target),
  ],
  [
    'ignore: { query: [a] }, rules: [{ filters: { path: /b }, headers: [accept-language] }]',
    (target) => /a|%|\/b/.test(target),
  ],
]

const JWT = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.'
/** Values of kinds that are looked for in SQL, and some that come close. */
const LOOKED_FOR = [
  '0c7e9a52-1b2f-4f0a-9c3d-5e6f7a8b9c0d',
  'URN:UUID:0C7E9A52-1B2F-4F0A-9C3D-5E6F7A8B9C0D',
  '0c7e9a521b2f4f0a9c3d5e6f7a8b9c0d',
  'x-0c7e-9a52-1b2f-4f0a',
  JWT,
  // White space may stand before what the header says.
  `${Buffer.from('{\t"alg":"none"}').toString('base64url')}.e30.`,
  `${Buffer.from('{\r\n"alg":"none"}').toString('base64url')}.IHt9.`,
  'eyJ.eyJ.',
] as const

/** Every way that a text can be written in. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => encodeURIComponent(text).replaceAll('-', '%2d').replaceAll('e', '%65'),
]
const jsonEscaped = (text: string): string =>
  `"${Array.from(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`

/** Requests that say a value, each in a place and a spelling of its own. */
function requestsWith(value: string): RequestFields[] {
  const part = `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--b--\r\n`
  const contents: readonly (readonly [type: string, body: string | Uint8Array, coding?: string])[] = [
    ['text/plain', value],
    ['application/json', `[${JSON.stringify(value)}]`],
    ['application/json', `{"a":{"b":${jsonEscaped(value)}}}`],
    ...SPELLINGS.map((spelt) => ['application/x-www-form-urlencoded', `a=${spelt(value)}`] as const),
    ['application/x-www-form-urlencoded', `z=\0&a=${value}`],
    ['multipart/form-data; boundary=b', part],
    ['multipart/form-data; boundary=b', `${'long '.repeat(220_000)}\r\n${part}`],
    ['application/json', gzipSync(`[${JSON.stringify(value)}]`), 'gzip'],
    [
      'application/json',
      brotliCompressSync(`[${JSON.stringify(value.repeat(9))},${JSON.stringify(value)}]`),
      'br',
    ],
    ['text/plain', Buffer.from(`\xe9${value}`, 'latin1')],
  ]
  return [
    ...SPELLINGS.flatMap((spelt) => [
      { target: `/a/${spelt(value)}/b` },
      { target: `/a?b=${spelt(value)}&c` },
      { target: `http://host/${spelt(value)}` },
    ]),
    ...contents.map(([type, body, coding]) => ({
      method: 'POST',
      headers: [
        ['Content-Type', type] as const,
        ...(coding === undefined ? [] : [['cOntent-Encoding', coding] as const]),
      ],
      body,
    })),
  ]
}

suite('a document with a match of its own', () => {
  test('finds values of kinds in whatever place and spelling, as comparing every request does', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, INDEXED)
    const requests = LOOKED_FOR.flatMap((value) => requestsWith(value))
    for (const [at, request] of requests.entries()) await writer.put(aPair({ id: at + 1, request }))
    await writer.close()
    const reader = opened(context, file)
    const plain = meaning(reader)
    for (const kinds of ['uuid', 'jwt', 'uuid, jwt', 'nonce, uuid']) {
      const { book } = matchOf(`match: { ignore: { kinds: [${kinds}] } }`)
      const found = meaning(reader, NO_CLASSES, book)
      assert.deepEqual(found, meaning({ ...reader, askedColumns: () => undefined }, NO_CLASSES, book), kinds)
      assert.notDeepEqual(found, plain, kinds)
    }
  })

  test('has those requests read again that it tells apart in another way, and no others', async (context) => {
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, INDEXED)
    const varied = fc.sample(ASKED, { numRuns: 300, seed: 7 }).map((asked, at) => {
      const request = requestOf(asked)
      // Another spelling of some names.
      const target = at % 7 === 0 ? request.target.replaceAll('t', '%74') : request.target
      const upstream = at % 2 === 0 ? 'http://other.example.com' : 'http://staging.example.com'
      return aPair({ id: at + 1, request: { ...request, target }, route: { listen: 'l', target: upstream } })
    })
    for (const pair of varied) await writer.put(pair)
    await writer.close()
    const reader = opened(context, file)
    for (const [yaml, isRead] of DOCUMENTS) {
      const { book } = matchOf(`match: { ${yaml} }`)
      const read: number[] = []
      const source: AskedSource = {
        ...reader,
        askedPages: () => assert.fail('every pair was read'),
        *requestPages(traits) {
          for (const page of reader.requestPages(traits)) {
            const requests = [...page]
            read.push(...requests.map(({ id }) => id))
            yield requests
          }
        },
      }
      const whole = meaning({ ...reader, askedColumns: () => undefined }, NO_CLASSES, book)
      assert.deepEqual(meaning(source, NO_CLASSES, book), whole, yaml)
      const wanted = varied.filter(({ request }) => isRead === undefined || isRead(request.target, request))
      assert.deepEqual(
        read,
        wanted.map(({ id }) => id),
        yaml,
      )
    }
  })
})

test('requests that are read alone are those of their pairs, however unusual they are', async (context) => {
  const unusual: readonly RequestFields[] = [
    {},
    { target: '/\xe4?\xff', headers: [['Host', 'h']] },
    {
      headers: [
        ['X-Name', 'J\xf6rg'],
        ['x-name', ''],
        ['X-Name', ' a: b '],
      ],
    },
    { authority: 'h\xf6st', scheme: 'http', httpVersion: '1.0' },
    { method: 'M-SEARCH', target: '*' },
    { method: 'POST', body: 'long'.repeat(5000) },
    { method: 'POST', body: 'longer'.repeat(400_000) },
    { method: 'PUT', body: Uint8Array.of(0, 255, 0), trailers: [['Expires', '0']] },
  ]
  // A writer takes the bodies of pairs away.
  const pairs = (): RRPair[] => unusual.map((request, at) => aPair({ id: at * 600 + 1, request }))
  const reader = opened(context, await recorded(join(snapshotDirectory(context), 'demo.db'), pairs()))
  const requests = [...reader.requestPages()].flatMap((page) => [...page])
  const told = ({ id, request }: RecordedRequest): unknown => ({ id, ...request, body: sha256(request.body) })
  assert.deepEqual(requests.map(told), pairs().map(told))
})
