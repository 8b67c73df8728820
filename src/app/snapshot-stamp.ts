import { statSync } from 'node:fs'

/** Tells a file from another one under its name, and from what it was before; `none` where there is no file. */
export function stampOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? 'none' : [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ')
}

/** The file behind a name; another one once another file was renamed into its place, `none` where there is none. */
export function inodeOf(file: string): string {
  return inodeIn(stampOf(file))
}

/** The inode of a stamp. */
export function inodeIn(stamp: string): string {
  return stamp.split(' ', 1).join()
}
