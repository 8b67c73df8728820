import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { SETTINGS } from '../../src/config/setting-table.ts'
import { loadSettings, type SettingSources } from '../../src/config/settings.ts'
import { parseSize } from '../../src/config/size.ts'
import { transformLocation } from '../../src/config/transform-location.ts'
import { ResealError } from '../../src/core/errors.ts'

const EXAMPLE = resolve(import.meta.dirname, '../../config/reseal.yaml')
const directory = mkdtempSync(join(tmpdir(), 'reseal-config-'))
after(() => rmSync(directory, { recursive: true }))

const DEFAULTS = {
  snapshots: 'snapshots',
  transforms: 'transforms',
  secrets: './secrets',
  listen: '127.0.0.1:8080',
  maxBodyBytes: 33_554_432,
  durability: 'normal',
  tags: undefined,
  maxPendingBytes: 268_435_456,
  cacheBytes: 67_108_864,
  pace: undefined,
  latency: undefined,
  clientTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  upstreamTimeoutMs: 120_000,
  workers: 'auto',
  watch: true,
  quiet: false,
  issuers: undefined,
  redact: undefined,
}

test('a replay watches its files unless a flag, the environment or the file says otherwise', () => {
  const file = written('watch: false\n')
  const watch = (more: Partial<SettingSources>): boolean => loadSettings(sources({ file, ...more })).watch
  assert.equal(watch({}), false)
  assert.equal(watch({ env: { RESEAL_WATCH: 'on' } }), true)
  assert.equal(watch({ env: { RESEAL_WATCH: 'on' }, flags: { watch: false } }), false)
})

test('without any source, the defaults hold', () => {
  const { origins, ...settings } = loadSettings(sources({ file: join(directory, 'none.yaml') }))
  assert.deepEqual(settings, DEFAULTS)
  assert.deepEqual(new Set(Object.values(origins)), new Set(['default']))
})

test('the example file says the defaults, and every setting with its description, flag and variable', () => {
  const { origins, ...settings } = loadSettings(sources({ file: EXAMPLE, fileRequired: true }))
  assert.deepEqual(settings, DEFAULTS)
  assert.deepEqual(new Set(Object.values(origins)), new Set(['file']))
  const text = readFileSync(EXAMPLE, 'utf8')
  for (const { key, env, flag, description } of Object.values(SETTINGS)) {
    assert.ok(text.includes(`# ${description} (${flag}, ${env})\n${key}: `), key)
  }
})

test('a flag comes before the environment, the environment before the file, the file before the default', () => {
  const file = written(
    'snapshots: of-file\nsecrets: of-file\nlisten: 127.0.0.1:1\nquiet: true\nmaxBody: 1048576\nupstreamTimeout: 1m30s\nmaxPending: 512MiB\n',
  )
  const settings = loadSettings(
    sources({
      file,
      env: {
        RESEAL_SNAPSHOTS: 'of-env',
        RESEAL_SECRETS: 'of-env',
        RESEAL_CACHE: '1GiB',
        RESEAL_DURABILITY: 'relaxed',
        RESEAL_WORKERS: '3',
        RESEAL_CLIENT_TIMEOUT: '500ms',
        RESEAL_LISTEN: '',
        RESEAL_TAGS: 'team=pay, direction=in',
      },
      flags: { snapshots: 'of-flag', pace: '2x', quiet: undefined },
    }),
  )
  assert.deepEqual(settings, {
    snapshots: 'of-flag',
    transforms: 'transforms',
    secrets: 'of-env',
    listen: '127.0.0.1:1',
    maxBodyBytes: 1_048_576,
    durability: 'relaxed',
    tags: { direction: 'in', team: 'pay' },
    maxPendingBytes: 536_870_912,
    cacheBytes: 1_073_741_824,
    pace: 2,
    latency: undefined,
    clientTimeoutMs: 500,
    connectTimeoutMs: 10_000,
    upstreamTimeoutMs: 90_000,
    workers: 3,
    watch: true,
    quiet: true,
    issuers: undefined,
    redact: undefined,
    origins: {
      snapshots: 'flag',
      transforms: 'default',
      secrets: 'environment',
      listen: 'file',
      maxBodyBytes: 'file',
      durability: 'environment',
      tags: 'environment',
      maxPendingBytes: 'file',
      cacheBytes: 'environment',
      pace: 'flag',
      latency: 'default',
      clientTimeoutMs: 'environment',
      connectTimeoutMs: 'default',
      upstreamTimeoutMs: 'file',
      workers: 'environment',
      watch: 'default',
      quiet: 'file',
    },
  })
})

test('a configuration file may be empty, or have keys without values', () => {
  for (const text of ['', '# nothing\n', 'snapshots:\nquiet: ~\n']) {
    assert.equal(loadSettings(sources({ file: written(text) })).snapshots, 'snapshots')
  }
})

const WRONG_FILES: readonly (readonly [text: string, at: string, message: string, hint: string])[] = [
  [
    'durability: paranoid\n',
    '1:13',
    'durability: "paranoid" is no durability',
    'Write one of normal, full, relaxed.',
  ],
  ['snapshots: a\nlsiten: x\n', '2:1', 'There is no setting "lsiten"', 'Did you mean "listen"?'],
  [
    'maxBody: 64 Mib/s\n',
    '1:10',
    'maxBody: "64 Mib/s" is not a size',
    'Write a number and a unit: 512KiB, 64MiB, 1GiB, or bytes alone.',
  ],
  [
    '# here\nlisten: "80 80"\n',
    '2:9',
    'listen: "80 80" is not an address to listen on',
    'Write HOST:PORT, such as 127.0.0.1:8080, or :0 for any free port.',
  ],
  [
    'workers: 65\n',
    '1:10',
    'workers: "65" is not a number of processes',
    'Write 1 to 64, or auto for as many as there is use for, up to the cores less one.',
  ],
  [
    'workers: 0\n',
    '1:10',
    'workers: "0" is not a number of processes',
    'Write 1 to 64, or auto for as many as there is use for, up to the cores less one.',
  ],
  ['quiet: maybe\n', '1:8', 'quiet: "maybe" is neither true nor false', 'Write true or false.'],
  ['secrets: ""\n', '1:10', 'secrets: an empty text is not a path', 'Name a file or directory.'],
  [
    'snapshots: [a]\n',
    '1:12',
    'The setting snapshots must be one value',
    'config/reseal.yaml of the package shows the form.',
  ],
  [
    '- a\n',
    '1:1',
    'A configuration file must be a map of settings',
    'config/reseal.yaml of the package shows the form.',
  ],
  [
    'quiet: true\nquiet: true\n',
    '2:1',
    'This is not valid YAML: Map keys must be unique',
    'config/reseal.yaml of the package shows the form.',
  ],
  [
    'quiet: !bool true\n',
    '1:8',
    'This is not valid YAML: Unresolved tag: !bool',
    'config/reseal.yaml of the package shows the form.',
  ],
]

for (const [text, at, message, hint] of WRONG_FILES) {
  test(`the configuration file ${JSON.stringify(text)} is wrong at ${at}`, () => {
    const file = written(text)
    const [line, column] = at.split(':').map(Number)
    assertFails({ file }, { code: 'CONFIG_INVALID', message, hint, place: { file, line, column } })
  })
}

test('a wrong variable is told by its name, and a wrong flag is wrong usage', () => {
  const hint = 'Write a number and a unit: 512KiB, 64MiB, 1GiB, or bytes alone.'
  const place = undefined
  const env = { RESEAL_MAX_BODY: 'big' }
  assertFails(
    { env },
    { code: 'CONFIG_INVALID', message: 'RESEAL_MAX_BODY: "big" is not a size', hint, place },
  )
  const flags = { cacheBytes: 'big' }
  assertFails({ flags }, { code: 'USAGE', message: '--cache: "big" is not a size', hint, place })
})

test('a configuration file that was named must be there', () => {
  const file = join(directory, 'none.yaml')
  assertFails(
    { file, fileRequired: true },
    {
      code: 'CONFIG_INVALID',
      message: `Cannot read ${file}: ENOENT: no such file or directory, open '${file}'`,
      hint: 'Name a file that can be read, or leave the name out to go by the defaults.',
      place: undefined,
    },
  )
})

const SIZES: readonly (readonly [text: string, bytes: number])[] = [
  ['0', 0],
  ['1048576', 1_048_576],
  ['512 B', 512],
  ['500kB', 500_000],
  ['1.5MB', 1_500_000],
  ['512KiB', 524_288],
  ['64MiB', 67_108_864],
  ['64mib', 67_108_864],
  ['1.5 GiB', 1_610_612_736],
]

for (const [text, bytes] of SIZES) {
  test(`the size ${text} is ${bytes} bytes`, () => {
    assert.equal(parseSize(text), bytes)
  })
}

for (const text of ['', 'MiB', '-1', '1 TiB', '1e6', '64 M', '99999999999GiB', '0x10', '1.', 'NaN']) {
  test(`${JSON.stringify(text)} is not a size`, () => {
    assert.throws(() => parseSize(text), { code: 'CONFIG_INVALID', message: `"${text}" is not a size` })
  })
}

for (const listen of ['0.0.0.0:0', 'localhost:65535', '[::1]:8080']) {
  test(`${listen} is an address to listen on`, () => {
    assert.equal(loadSettings(sources({ flags: { listen } })).listen, listen)
  })
}

for (const listen of ['localhost', 'localhost:65536', '::1:80', 'http://localhost:80']) {
  test(`${listen} is not an address to listen on`, () => {
    assert.throws(() => loadSettings(sources({ flags: { listen } })), { code: 'USAGE' })
  })
}

test('transforms name a document, or a directory with one for each snapshot', () => {
  assert.deepEqual(transformLocation('transforms', 'demo'), {
    file: join('transforms', 'demo.yaml'),
    required: false,
  })
  assert.deepEqual(transformLocation('transforms', 'demo.db'), {
    file: join('transforms', 'demo.yaml'),
    required: false,
  })
  assert.deepEqual(transformLocation('a/b.yml', 'demo'), { file: 'a/b.yml', required: true })
  assert.deepEqual(transformLocation('a/b.JSON', 'demo'), { file: 'a/b.JSON', required: true })
})

function sources(given: Partial<SettingSources>): SettingSources {
  return { flags: {}, env: {}, file: join(directory, 'none.yaml'), fileRequired: false, ...given }
}

function written(text: string): string {
  const file = join(mkdtempSync(join(directory, 'case-')), 'reseal.yaml')
  writeFileSync(file, text)
  return file
}

function assertFails(
  given: Partial<SettingSources>,
  expected: { code: string; message: string; hint: string; place: unknown },
): void {
  assert.throws(
    () => loadSettings(sources(given)),
    (error) => {
      assert.ok(error instanceof ResealError)
      const { code, message, hint, place } = error
      assert.deepEqual({ code, message, hint, place }, expected)
      return true
    },
  )
}
