import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')
const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((directory) => !directory.includes('node_modules'))
  .map((directory) => join(directory, 'node'))
  .find((node) => existsSync(node) && majorOf(node) < 24)
const skip = oldNode === undefined && 'there is no node older than 24 on the PATH'

test('an old node finds the newer one that npm installed, and reseal runs', { skip }, () => {
  const { status, stdout } = spawnSync(oldNode ?? '', [join(ROOT, 'bin/reseal.mjs'), 'ls', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  assert.equal(status, 0)
  assert.match(stdout, /"name": "demo"/)
})

test('an old node alone is told what to do, in a sentence', { skip }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-old-node-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  cpSync(join(ROOT, 'bin'), join(directory, 'bin'), { recursive: true })
  const { status, stderr } = spawnSync(oldNode ?? '', ['bin/reseal.mjs', 'ls'], {
    cwd: directory,
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.match(stderr, /^reseal: this is Node [\d.]+, and reseal needs Node 24 or newer\.\nhint: /)
})

test('npm scripts on an old node are told what to do as well', { skip }, () => {
  const { status, stderr } = spawnSync(oldNode ?? '', [join(ROOT, 'scripts/node-guard.mjs')], {
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.match(stderr, /^reseal: this is Node [\d.]+, and reseal needs Node 24 or newer\.\nhint: /)
})

function majorOf(node: string): number {
  return Number(spawnSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }).stdout)
}
