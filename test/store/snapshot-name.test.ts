import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { listSnapshots, snapshotFile } from '../../src/store/snapshot-name.ts'
import { refusal, snapshotDirectory } from './snapshot-directory.ts'

const HINT =
  'A name has 1 to 100 letters, digits, ".", "_" and "-", and no "." in front; the directory is given with --snapshots.'

test('a name is a file of the directory, with or without its .db', () => {
  assert.equal(snapshotFile('snapshots', 'demo'), join('snapshots', 'demo.db'))
  assert.equal(snapshotFile('snapshots', 'demo.db'), join('snapshots', 'demo.db'))
  assert.equal(snapshotFile('/s', 'V1.2_login-ok'), '/s/V1.2_login-ok.db')
  assert.equal(snapshotFile('/s', 'a'.repeat(100)), `/s/${'a'.repeat(100)}.db`)
})

test('a name is never a path', () => {
  const names = [
    '',
    '.',
    '..',
    '.db',
    '.demo',
    '../demo',
    'a/b',
    'a\\b',
    '/demo',
    'a b',
    'a\n',
    'a\0',
    'dém',
    'a'.repeat(101),
  ]
  for (const name of names) {
    assert.throws(
      () => snapshotFile('snapshots', name),
      refusal('USAGE', `${JSON.stringify(name)} is not a snapshot name`, HINT),
      JSON.stringify(name),
    )
  }
})

test('a directory lists its snapshots, and nothing else that lies in it', (context) => {
  const directory = snapshotDirectory(context)
  const files = [
    'b.db',
    'a.db',
    'a.db-wal',
    'a.db-lock',
    'c.db-new',
    '.hidden.db',
    'x.db.db',
    'notes.txt',
    'ä.db',
  ]
  for (const name of files) writeFileSync(join(directory, name), '')
  mkdirSync(join(directory, 'folder.db'))
  symlinkSync('a.db', join(directory, 'link.db'))
  assert.deepEqual(listSnapshots(directory), ['a', 'b', 'link'])
  assert.deepEqual(listSnapshots(join(directory, 'none')), [])
})
