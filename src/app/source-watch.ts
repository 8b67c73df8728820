import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { directoryWatch, type DirectoryWatch } from '../keys/files/directory-watch.ts'
import type { LivePlan } from './live-plan.ts'
import { sha256, type LoadedSnapshot } from './loaded-snapshot.ts'
import { inodeOf, stampOf } from './snapshot-stamp.ts'

export interface SourceWatchOptions {
  readonly live: LivePlan
  /** The transform document. */
  readonly document: string
  /** Key files that loads have asked for, those too of loads that failed. */
  readonly asked: ReadonlySet<string>
  /** The replay itself, and nobody else, writes to the snapshot: of it only another file is a change. */
  readonly isRecorded: boolean
  /** A line for people. */
  readonly onLog: (line: string) => void
  /** How long the directories must be quiet before files are read, so that half-written ones are not. Default 100. */
  readonly settleMs?: number
  /** How often to look without being told: network and container mounts do not always tell. Default 2,000. */
  readonly pollMs?: number
}

/** Directories that never are quiet are looked at all the same after this. */
const MAX_SETTLE_MS = 2000
/** How long a document that became empty may stay so before it is believed: editors empty a file, then write it. */
const EMPTY_MS = 1000

/**
 * Loads a replay anew when what it was loaded from changes: the transform document, key files, the snapshot. It is
 * directories that are watched, since editors rename a new file into place and Kubernetes renames the link `..data`
 * beside it; and contents that are compared, since a file that was written again need not be another one.
 */
export function watchSources(options: SourceWatchOptions): { close(): void } {
  const { live, document, asked, isRecorded, settleMs = 100, pollMs = 2000 } = options
  const contents = isRecorded ? withInode : withStamp
  const snapshotNow = isRecorded ? inodeOf : stampOf
  const watches = new Map<string, DirectoryWatch>()
  let seen = live.current
  let tried = contents(seen.loaded)
  let settling: NodeJS.Timeout | undefined
  let unsettledSince: number | undefined
  let emptySince: number | undefined
  let isLoading = false
  let isClosed = false

  const settle = (): void => {
    unsettledSince ??= performance.now()
    if (performance.now() - unsettledSince > MAX_SETTLE_MS) return
    clearTimeout(settling)
    settling = setTimeout(look, settleMs).unref()
  }
  const isBeingWritten = (now: ReadonlyMap<string, string>): boolean => {
    if (now.get(document) !== EMPTY || tried.get(document) === EMPTY) emptySince = undefined
    else emptySince ??= performance.now()
    return emptySince !== undefined && performance.now() - emptySince < EMPTY_MS
  }
  const look = (): void => {
    clearTimeout(settling)
    unsettledSince = undefined
    // It is looked again once that is done.
    if (isLoading || isClosed) return
    // Somebody else may have had it loaded.
    if (seen !== live.current) tried = contents(live.current.loaded)
    seen = live.current
    const { file } = seen.loaded
    const paths = new Set([document, file, ...tried.keys(), ...asked])
    watchDirectories(paths, watches, settle)
    const now = new Map([...paths].map((path) => [path, path === file ? snapshotNow(path) : contentOf(path)]))
    if (isBeingWritten(now)) {
      settling = setTimeout(look, settleMs).unref()
      return
    }
    if (isSame(now, tried)) return
    isLoading = true
    void tryLoad(options, () => isClosed).then((loaded) => {
      tried = loaded === undefined ? now : contents(loaded)
      seen = live.current
      isLoading = false
      if (!isClosed) settle()
    })
  }
  look()
  const polling = setInterval(look, pollMs).unref()
  return {
    close: () => {
      isClosed = true
      clearTimeout(settling)
      clearInterval(polling)
      for (const watch of watches.values()) watch.close()
    },
  }
}

/** What was read, where it serves now; undefined where the plan before it still does. */
async function tryLoad(
  { live, onLog }: SourceWatchOptions,
  isClosed: () => boolean,
): Promise<LoadedSnapshot | undefined> {
  try {
    const { revision, loaded } = await live.reload()
    onLog(`plan ${revision} serves from now on: what it is made of has changed`)
    return loaded
  } catch (error) {
    if (isClosed()) return undefined
    const { revision } = live.current
    onLog(`plan ${revision} is still served, since what is there now cannot be: ${live.whyRefused(error)}`)
    return undefined
  }
}

const NONE = 'none'
const EMPTY = sha256('')

function withStamp({ file, stamp, files }: LoadedSnapshot): ReadonlyMap<string, string> {
  return contentsOf(file, stamp, files)
}

function withInode({ file, inode, files }: LoadedSnapshot): ReadonlyMap<string, string> {
  return contentsOf(file, inode, files)
}

function contentsOf(
  file: string,
  snapshot: string,
  files: LoadedSnapshot['files'],
): ReadonlyMap<string, string> {
  const read = files.map(({ path, sha256: digest = NONE }) => [path, digest] as const)
  return new Map([[file, snapshot], ...read])
}

/** No document and no key is larger. */
const MAX_READ_BYTES = 1024 * 1024

function contentOf(path: string): string {
  try {
    // What is larger is refused when it is loaded; to see that it changed is enough.
    return statSync(path).size > MAX_READ_BYTES ? stampOf(path) : sha256(readFileSync(path))
  } catch {
    // Not there, or not for us to read: loading says which.
    return NONE
  }
}

/** A file that was asked for since and is not there is no change. */
function isSame(now: ReadonlyMap<string, string>, tried: ReadonlyMap<string, string>): boolean {
  return [...now].every(([path, content]) => content === (tried.get(path) ?? NONE))
}

/** Both where a file is named and where links lead from there. */
function watchDirectories(
  paths: Iterable<string>,
  watches: Map<string, DirectoryWatch>,
  onEvent: () => void,
): void {
  for (const path of paths) {
    for (const directory of new Set([dirname(path), dirname(realPathOf(path))])) {
      const watch = watches.get(directory) ?? directoryWatch(directory, onEvent)
      watches.set(directory, watch)
      watch.renew()
    }
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Nothing is there at the moment.
    return path
  }
}
