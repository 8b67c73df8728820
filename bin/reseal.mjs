#!/usr/bin/env node
// Plain JavaScript that any node can run: it finds a Node new enough before anything native is loaded, because
// better-sqlite3 ends an older one without a word.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import nodeModule, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const OLDEST_MAJOR = 24
const UNUSABLE = 1

if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) await start()
else runOnNewerNode()

async function start() {
  keepCompiledCode()
  // A checkout runs its sources; a published package has only dist/.
  const root = join(dirname(fileURLToPath(import.meta.url)), '..')
  const source = join(root, 'src', 'cli', 'main.ts')
  const entry = existsSync(source) ? source : join(root, 'dist', 'cli', 'main.js')
  const { main } = await import(pathToFileURL(entry).href)
  await main(process.argv.slice(2))
}

/**
 * Compiled code is kept between runs, which halves the time to start; in a directory of the user's own, since whoever
 * can write there can say what reseal does. Where there is none, it is compiled again.
 */
function keepCompiledCode() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, '.cache'))
  if (home && process.env.NODE_COMPILE_CACHE === undefined)
    nodeModule.enableCompileCache(join(home, 'reseal'))
}

function runOnNewerNode() {
  const node = newerNode()
  if (node === undefined) {
    process.stderr.write(
      `reseal: this is Node ${process.versions.node}, and reseal needs Node ${OLDEST_MAJOR} or newer.\n` +
        'hint: put a Node 24 on your PATH, or `npm install --save-dev node@24` beside reseal.\n',
    )
    process.exit(UNUSABLE)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The channel lets the child notice when this process is killed.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, RESEAL_PARENT: String(process.pid) },
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const pass = (signal) => child.kill(signal)
  for (const signal of signals) process.on(signal, pass)
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, pass)
    if (signal !== null) process.kill(process.pid, signal)
    else process.exitCode = code ?? UNUSABLE
  })
}

/** The `node` package, from beside this package or from where the user stands. */
function newerNode() {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    try {
      const manifest = createRequire(from).resolve('node/package.json')
      const { version } = createRequire(from)(manifest)
      const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
      if (Number(version.split('.')[0]) >= OLDEST_MAJOR && existsSync(binary)) return binary
    } catch {
      // Not installed here; the next place may have it.
    }
  }
  return undefined
}
