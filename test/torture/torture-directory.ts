import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A working directory for recorders that is gone after the test. */
export function tortureDirectory(context: Pick<TestContext, 'after'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-torture-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
