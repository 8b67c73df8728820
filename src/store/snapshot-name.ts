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

/** The name that was most likely meant: the closest one, at most a third of its letters away; undefined when none is. */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, distance: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .toSorted((a, b) => a.distance - b.distance)
  return ranked[0]?.name
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

/** Levenshtein's: single letters inserted, removed or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? a.length
}
