import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reseal, resealServer, type ResealServer } from '../test/demo/reseal-process.ts'

// npm run realworld: npm installs a package with dozens of dependencies through a recorder in front of its registry, and
// then twice from the replay alone, each time with an empty cache. It needs the registry that npm is set up for.

const PACKAGE = 'express@5.3.0'
const directory = mkdtempSync(join(tmpdir(), 'reseal-realworld-'))

try {
  const registry = new URL((await npm(['config', 'get', 'registry'], process.cwd())).trim())
  const recorder = await resealServer(
    ['record', 'registry', '--target', registry.origin, '--listen', '127.0.0.1:0'],
    directory,
  )
  const recorded = await installed('recorded', ['install', PACKAGE], recorder, registry)
  const recording = await recorder.stop()
  say(recording.stderr.trim().split('\n').slice(1).join('\n'))
  if (recording.code !== 0) throw new Error(`the recorder ended with ${recording.code}`)
  const { stdout: verdict, code: verified } = await reseal(['verify', 'registry'], directory)
  say(verdict.trim())
  if (verified !== 0) throw new Error('the snapshot is not whole')

  // The document that the recording may have scaffolded is for tokens, which a registry's answers are not full of.
  const replay = await resealServer(['replay', 'registry', '--listen', '127.0.0.1:0'], directory)
  const lock = readFileSync(join(directory, 'recorded', 'package-lock.json'))
  const clean = await installed('clean', ['ci'], replay, registry, (folder) =>
    writeFileSync(join(folder, 'package-lock.json'), lock),
  )
  const again = await installed('again', ['install', PACKAGE], replay, registry)
  const replaying = await replay.stop()
  say(replaying.stderr.trim().split('\n').slice(1).join('\n'))

  const same = [clean, again].every((names) => names.join() === recorded.join())
  if (!same || replaying.code !== 0) throw new Error('the replay did not install what was recorded')
  if (recorded.length < 40) throw new Error(`${PACKAGE} brought ${recorded.length} packages only`)
  say(
    `Green: ${recorded.length} packages installed through the recorder, by npm ci and by npm install from the replay.`,
  )
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** Runs npm in a folder of its own, with an empty cache and reseal as its registry. @returns the packages that are there now */
async function installed(
  name: string,
  command: readonly string[],
  { urls }: ResealServer,
  registry: URL,
  prepare: (folder: string) => void = () => {},
): Promise<readonly string[]> {
  const folder = join(directory, name)
  mkdirSync(folder)
  const dependencies = command[0] === 'ci' ? { express: PACKAGE.split('@')[1] } : {}
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', dependencies }))
  prepare(folder)
  const started = performance.now()
  const options = [
    `--registry=${urls[0]}${registry.pathname}`,
    '--replace-registry-host=always',
    `--cache=${join(directory, `cache-${name}`)}`,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--save-exact',
  ]
  await npm([...command, ...options], folder)
  const packages = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => versionedName(join(folder, 'node_modules', path)))
    .toSorted()
  say(
    `npm ${command.join(' ')}: ${packages.length} packages in ${Math.round(performance.now() - started)} ms (${name})`,
  )
  return packages
}

function versionedName(manifest: string): string {
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>
  return `${name}@${version}`
}

function npm(args: readonly string[], cwd: string): Promise<string> {
  const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let told = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(out)
      else reject(new Error(`npm ${args[0]} ended with ${code}: ${told}`))
    })
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
