import { statSync, watch, type FSWatcher } from 'node:fs'

/** Hears of changes in a directory, whichever directory has its name at the moment. */
export interface DirectoryWatch {
  /** Watches the directory that is there now, if it is another one than before, or was not there. */
  renew(): void
  close(): void
}

/**
 * Watches a directory, without keeping the process alive. Where it cannot be watched nothing is heard: look at times too.
 */
export function directoryWatch(path: string, onEvent: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined
  let inode: number | undefined
  const close = (): void => {
    watcher?.close()
    watcher = undefined
    inode = undefined
  }
  return {
    renew: () => {
      try {
        const now = statSync(path).ino
        if (watcher !== undefined && now === inode) return
        close()
        watcher = watch(path, { persistent: false }, onEvent).on('error', close)
        inode = now
      } catch {
        // No such directory at the moment, or no watches left: the file is polled as well.
        close()
      }
    },
    close,
  }
}
