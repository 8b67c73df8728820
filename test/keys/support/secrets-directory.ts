import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSecrets, type Secrets } from '../../../src/keys/files/secrets.ts'

/** A secrets directory with these files, removed after the test. */
export function secretsWith(
  context: TestContext,
  files: Readonly<Record<string, Uint8Array | string>>,
): Secrets {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-keys-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), content)
  }
  return openSecrets(directory)
}
