import { chmodSync, renameSync, rmSync, statSync } from 'node:fs'
import { lockForRecorder } from './recorder-lock.ts'
import { findSnapshot } from './snapshot-file.ts'
import { createSnapshot, type SnapshotWriter, type WriterOptions } from './snapshot-writer.ts'

/**
 * Writes a snapshot anew and puts it in the place of the old one, whole or not at all. No recorder may be at work on it
 * meanwhile. The new file never held what the old one did, in no free page either.
 * @param write reads the old one and puts into the new one what is to stay
 * @throws ResealError SNAPSHOT_MISSING, SNAPSHOT_BUSY, SNAPSHOT_INVALID, SNAPSHOT_NEWER, SNAPSHOT_WRITE, the old one
 * then being as it was, but for its format
 */
export async function replaceSnapshot(
  path: string,
  options: Omit<WriterOptions, 'append'>,
  write: (writer: SnapshotWriter) => Promise<void>,
): Promise<void> {
  const file = findSnapshot(path)
  // What a killed recorder left beside the file goes into it, and an older format becomes today's: a log that outlived
  // the file it belongs to would be taken for one of the new file.
  const folding = await createSnapshot(file, { ...options, append: true })
  await folding.close()

  const lock = lockForRecorder(file)
  const fresh = `${file}-rewritten`
  try {
    discard(fresh)
    const writer = await createSnapshot(fresh, { ...options, append: false })
    try {
      await write(writer)
    } finally {
      await writer.close()
    }
    chmodSync(fresh, statSync(file).mode & 0o777)
    renameSync(fresh, file)
  } finally {
    discard(fresh)
    lock.release()
  }
}

function discard(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal', '-new', '-lock'])
    rmSync(file + suffix, { force: true })
}
