import { openSnapshot } from '../../src/store/snapshot-reader.ts'

/** Reads a snapshot as another user: `node reading-process.ts FILE` prints how many pairs it read. */
const reader = openSnapshot(process.argv[2] ?? '')
process.stdout.write(`${[...reader.heads()].filter(({ id }) => reader.pair(id) !== undefined).length}\n`)
reader.close()
