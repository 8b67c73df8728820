import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ResealError, systemErrorCode } from '../core/errors.ts'

const EXTENSION = '.db'
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/

/**
 * The file of a snapshot: `<directory>/<name>.db`. A name is a name and never a path, so that no argument reaches
 * outside the directory; one given with its `.db` is the same snapshot.
 * @throws ResealError USAGE when the name is none
 */
export function snapshotFile(directory: string, name: string): string {
  const bare = name.endsWith(EXTENSION) ? name.slice(0, -EXTENSION.length) : name
  if (NAME.test(bare)) return join(directory, bare + EXTENSION)
  throw new ResealError('USAGE', `${JSON.stringify(name)} is not a snapshot name`, {
    hint:
      'A name has 1 to 100 letters, digits, ".", "_" and "-", and no "." in front; ' +
      'the directory is given with --snapshots.',
  })
}

/** Names of the snapshots in a directory, sorted, each as {@link snapshotFile} takes it; none where there is no directory. */
export function listSnapshots(directory: string): readonly string[] {
  return entriesOf(directory)
    .filter((entry) => entry.endsWith(EXTENSION))
    .map((entry) => entry.slice(0, -EXTENSION.length))
    .filter((name) => NAME.test(name) && !name.endsWith(EXTENSION))
    .toSorted()
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => entry.name)
  } catch (error) {
    // Nothing has been recorded yet: a list of none, not a failure.
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return []
    throw error
  }
}
