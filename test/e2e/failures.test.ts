import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { reseal, resealServer } from '../demo/reseal-process.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A directory with the example that ships, its transforms replaced. */
function workplace(t: TestContext, transforms?: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-failures-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const part of ['snapshots', 'transforms'])
    cpSync(join(ROOT, part), join(directory, part), { recursive: true })
  if (transforms !== undefined) writeFileSync(join(directory, 'transforms', 'demo.yaml'), transforms)
  return directory
}

function resignWith(options: string): string {
  return `version: 1
responder:
  - id: login
    filters: { method: POST, path: /token }
    extractor: http_res_body
    transforms:
      - json_path: access_token
      - jwt_resign: ${options}
`
}

/** What is wrong, what replay says of it, and its exit code. */
const WRONG_TRANSFORMS: readonly (readonly [title: string, yaml: string, exit: number, says: RegExp])[] = [
  [
    'a secret that is not there is named, with the step that wants it',
    resignWith('{ secretPath: jwt-demo/tls.key }'),
    5,
    /^error: transforms\/demo\.yaml:8:\d+: .*jwt-demo\/tls\.key.*\n8 \| {7}- jwt_resign: .*\n.*\^\nhint: /,
  ],
  [
    'a secret outside the secrets directory is refused',
    resignWith('{ secretPath: ../../etc/passwd }'),
    5,
    /^error: transforms\/demo\.yaml:8:\d+: .*\.\.\/\.\.\/etc\/passwd.* leaves the secrets directory.*\n(?:.*\n)*hint: /,
  ],
  [
    'an EC key for RS256 is refused, naming both',
    resignWith('{ secretPath: jwt-demo/ec.key }'),
    5,
    /^error: transforms\/demo\.yaml:8:\d+: .*(?:P-256.*RS256|RS256.*P-256).*\n(?:.*\n)*hint: /,
  ],
  [
    'a typo in a type gets the right word',
    resignWith('{}').replace('jwt_resign', 'jwt_resing'),
    3,
    /^error: transforms\/demo\.yaml:8:9: .*jwt_resing.*\n8 \| {7}- jwt_resing: \{\}\n  \| {9}\^\nhint: .*jwt_resign/,
  ],
  [
    'bad YAML is shown where it breaks',
    'version: 1\nresponder: [\n',
    3,
    /^error: transforms\/demo\.yaml:\d+:\d+: /,
  ],
]

for (const [title, yaml, exit, says] of WRONG_TRANSFORMS) {
  test(`${title}, at load, by replay and by check`, async (t) => {
    const directory = workplace(t, yaml)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    mkdirSync(join(directory, 'secrets', 'jwt-demo'), { recursive: true })
    writeFileSync(
      join(directory, 'secrets', 'jwt-demo', 'ec.key'),
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
    )
    for (const command of [
      ['replay', 'demo', '--listen', '127.0.0.1:0'],
      ['transform', 'check', 'demo'],
    ]) {
      const { code, stderr } = await reseal(command, directory)
      assert.match(stderr, says)
      assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace')
      assert.equal(code, exit)
    }
  })
}

test('an error is an object with code, hint and place under --json', async (t) => {
  const directory = workplace(t, resignWith('{ secretPath: jwt-demo/tls.key }'))
  const { code, stdout } = await reseal(['transform', 'check', 'demo', '--json'], directory)
  const { error } = JSON.parse(stdout) as { error: Record<string, unknown> }
  assert.equal(code, 5)
  assert.deepEqual(
    [error['code'], error['file'], error['line']],
    ['SECRET_MISSING', 'transforms/demo.yaml', 8],
  )
  assert.equal(typeof error['hint'], 'string')
})

test('a snapshot that is a text file is refused, and keeps its bytes', async (t) => {
  const directory = workplace(t)
  writeFileSync(join(directory, 'snapshots', 'text.db'), 'just some text\n')
  for (const command of [
    ['replay', 'text'],
    ['verify', 'text'],
    ['show', 'text'],
  ]) {
    const { code, stderr } = await reseal(command, directory)
    assert.match(stderr, /^error: .*snapshots\/text\.db/)
    assert.equal(code, 3)
  }
})

test('a snapshot that is not there is named with the one that was meant', async (t) => {
  const { code, stderr } = await reseal(['replay', 'dmo'], workplace(t))
  assert.match(stderr, /^error: .*dmo.*\nhint: .*demo/)
  assert.equal(code, 3)
})

test('a port in use is named', async (t) => {
  const directory = workplace(t)
  const squatter = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  squatter.listen(0, '127.0.0.1', resolve)
  await promise
  t.after(() => squatter.close())
  const address = squatter.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (const command of [
    ['replay', 'demo', '--listen', `127.0.0.1:${port}`],
    ['record', 'new', '--target', 'http://127.0.0.1:1', '--listen', `127.0.0.1:${port}`],
  ]) {
    const { code, stderr } = await reseal(command, directory)
    assert.match(stderr, new RegExp(`^error: .*127\\.0\\.0\\.1:${port}.*\\nhint: `, 'm'))
    assert.equal(code, 6)
  }
})

test('an upstream that is down is 502 for the client, and recorded as such', async (t) => {
  const directory = workplace(t)
  const recorder = await resealServer(
    ['record', 'down', '--target', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0'],
    directory,
  )
  const response = await fetch(`${recorder.urls[0]}/x`)
  assert.equal(response.status, 502)
  const { error } = (await response.json()) as { error: { code: string } }
  assert.equal(error.code, 'UPSTREAM_UNREACHABLE')
  assert.equal((await recorder.stop()).code, 0)
  const { stdout } = await reseal(['show', 'down', '--json'], directory)
  const [pair] = JSON.parse(stdout) as { outcome: string; error: string }[]
  assert.equal(pair?.outcome, 'upstream error')
  assert.match(pair?.error ?? '', /ECONNREFUSED/)
})

test('a wrong command line is told how it should be, with exit code 2', async (t) => {
  const directory = workplace(t)
  for (const [command, says] of [
    [['recrod', 't'], /Did you mean record/],
    [['record', 't'], /no backend to record\nhint: .*--target/],
    [['record', 't', '--target', 'staging'], /not an http or https URL/],
    [['replay', '../demo'], /not a snapshot name/],
    [['show', 'demo', 'first'], /not the number of a pair/],
    [['replay', 'demo', '--listen', 'here'], /"here" is not an address to listen on/],
  ] as const) {
    const { code, stderr } = await reseal(command, directory)
    assert.match(stderr, says)
    assert.equal(code, 2, command.join(' '))
  }
})

test('a wrong command line is an object under --json', async (t) => {
  const { code, stdout, stderr } = await reseal(['ls', '--nope', '--json'], workplace(t))
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
  assert.deepEqual([code, stderr, error.code, error.message], [2, '', 'USAGE', "unknown option '--nope'"])
})

test('a check of a document that is not there fails, and a replay says that there is none', async (t) => {
  const directory = workplace(t)
  const { code, stderr } = await reseal(['transform', 'check', 'demo', '--transforms', 'nothere/'], directory)
  assert.match(stderr, /^error: Cannot read nothere\/demo\.yaml/)
  assert.equal(code, 3)
  const server = await resealServer(
    ['replay', 'demo', '--transforms', 'nothere/', '--listen', '127.0.0.1:0'],
    directory,
  )
  assert.match(
    (await server.stop()).stderr,
    /^no nothere\/demo\.yaml: every response is served as recorded$/m,
  )
})

test('a check exits 4 when a step applies nowhere', async (t) => {
  const directory = workplace(t, resignWith('{}').replace('access_token', 'id_token'))
  const { code, stdout } = await reseal(['transform', 'check', 'demo'], directory)
  assert.equal(code, 4)
  assert.match(
    stdout,
    /transforms\/demo\.yaml:7:\d+: json_path id_token of login applies nowhere: the path selects nothing/,
  )
})

test('an unknown request is 404 with the nearest pairs, and no upstream is asked', async (t) => {
  const directory = workplace(t)
  const server = await resealServer(['replay', 'demo', '--listen', '127.0.0.1:0'], directory)
  const response = await fetch(`${server.urls[0]}/inventory/apples?token=abc`)
  assert.equal(response.status, 404)
  const { request, nearest } = (await response.json()) as {
    request: unknown
    nearest: { pair: number; differs: unknown }[]
  }
  assert.deepEqual(request, { method: 'GET', target: '/inventory/apples?token=(masked)' })
  assert.equal(nearest[0]?.pair, 3)
  assert.deepEqual(nearest[0]?.differs, [
    { field: 'path', recorded: '/inventory/apple', asked: '/inventory/apples', cause: 'path' },
    { field: 'query token', asked: '(masked)', cause: 'extra' },
  ])
  const { stderr } = await server.stop()
  assert.match(stderr, /miss {2}GET \/inventory\/apples\?token=\(masked\) {2}nearest: pair 3/)
  // The log says all that the answer does.
  const near = stderr.split('\n').filter((line) => /^ +pair \d+: /.test(line))
  assert.deepEqual(
    near.map((line) => Number(/\d+/.exec(line)?.[0])),
    nearest.map(({ pair }) => pair),
  )
  assert.equal(near.length, 3)
  assert.match(stderr, /^ +path: recorded \/inventory\/apple, asked \/inventory\/apples$/m)
  assert.match(stderr, /^ +query token: recorded nothing, asked \(masked\)$/m)
  assert.ok(!stderr.includes('abc'))
  assert.match(stderr, /answered 0 requests, missed 1; served 0 of 3 pairs/)
})
