import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

interface Room {
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

/** The rooms of src/, and all that each may import. `*` means every room but cli. */
const ROOMS: Readonly<Record<string, Room>> = {
  core: { imports: [], packages: [] },
  keys: { imports: ['core'], packages: ['jose', '@peculiar/x509', 'reflect-metadata'] },
  store: { imports: ['core'], packages: ['better-sqlite3'] },
  wire: { imports: ['core'], packages: ['http-proxy-3'] },
  capture: { imports: ['core'], packages: [] },
  redact: { imports: ['core'], packages: ['re2js'] },
  match: { imports: ['core'], packages: [] },
  requests: { imports: ['core'], packages: [] },
  config: { imports: ['core'], packages: ['yaml', 'zod'] },
  transform: { imports: ['core', 'keys'], packages: ['yaml', 'jsonpath-plus', 'json-p3', 're2js', 'zod'] },
  respond: { imports: ['core', 'match', 'redact', 'transform'], packages: ['lru-cache'] },
  issuer: { imports: ['core', 'keys'], packages: [] },
  control: {
    imports: ['core', 'keys', 'match', 'transform', 'respond', 'issuer'],
    packages: ['zod', '@prometheus-io/client'],
  },
  app: { imports: ['*'], packages: [] },
  cli: { imports: ['core', 'config', 'app'], packages: ['commander', 'cli-table3', 'diff'] },
  'index.ts': { imports: ['core', 'app'], packages: [] },
}

const SRC = resolve(import.meta.dirname, '../src')

test('each room imports only the rooms on its row', () => {
  const wrong = sources().flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({
        from: roomOf(file),
        to: roomOf(resolve(dirname(file), specifier)),
        file,
        specifier,
      }))
      .filter(({ from, to }) => from !== to && !mayImport(from, to))
      .map(({ file, specifier }) => `${relative(SRC, file)} imports ${specifier}`),
  )
  assert.deepEqual(wrong, [])
})

test('each package is imported only by the rooms that name it', () => {
  const builtins = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)])
  const wrong = sources().flatMap((file) =>
    importsOf(file)
      .filter((specifier) => !specifier.startsWith('.') && !builtins.has(specifier))
      .filter((specifier) => !(ROOMS[roomOf(file)]?.packages ?? []).includes(packageOf(specifier)))
      .map((specifier) => `${relative(SRC, file)} imports ${specifier}`),
  )
  assert.deepEqual(wrong, [])
})

test('the room tests saw the files, and would see a wrong import in them', () => {
  const seen = new Set(sources().map(roomOf))
  for (const room of [
    'core',
    'keys',
    'store',
    'wire',
    'capture',
    'match',
    'transform',
    'respond',
    'app',
    'cli',
  ]) {
    assert.ok(seen.has(room), `no source file of ${room} was read`)
  }
  assert.equal(mayImport('core', 'store'), false)
  assert.equal(mayImport('app', 'store'), true)
  assert.equal(mayImport('app', 'cli'), false)
  assert.deepEqual(
    importsIn("import a from './a.ts'\nexport { b } from '../b.ts'\nawait import('c')\nimport 'd'\n"),
    ['./a.ts', '../b.ts', 'c', 'd'],
  )
  assert.ok(sources().flatMap(importsOf).length > 50)
})

test('every source file belongs to a room of the table', () => {
  assert.deepEqual(
    [...new Set(sources().map(roomOf))].filter((room) => ROOMS[room] === undefined),
    [],
  )
})

test('the lockfile names no download address, and keeps better-sqlite3 from being compiled', () => {
  const lock = readFileSync(resolve(SRC, '../package-lock.json'), 'utf8')
  assert.doesNotMatch(lock, /"resolved"/)
  const { packages } = JSON.parse(lock) as { packages: Record<string, { gypfile?: boolean }> }
  assert.equal(
    packages['node_modules/better-sqlite3']?.gypfile,
    false,
    'npm install drops "gypfile": false from the lock entry, and npm ci then starts node-gyp: put it back',
  )
})

function sources(): readonly string[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

function importsOf(file: string): readonly string[] {
  return importsIn(readFileSync(file, 'utf8'))
}

function importsIn(source: string): readonly string[] {
  const statements = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'|(?:^|\n)import\s+'([^']+)'/g,
  )
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

function roomOf(file: string): string {
  return relative(SRC, file).split('/')[0] ?? ''
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function mayImport(from: string, to: string): boolean {
  const allowed = ROOMS[from]?.imports ?? []
  return allowed.includes(to) || (allowed.includes('*') && to !== 'cli' && to !== 'index.ts')
}
