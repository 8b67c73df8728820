import { createSnapshot } from '../../src/store/snapshot-writer.ts'
import { aPair } from '../support/a-pair.ts'

/**
 * A recorder under load, to be killed: `node recorder-process.ts FILE [BODY_BYTES]`. Keeps 50 pairs on their way, and
 * prints `acked ID` when one is committed, `failed ID MESSAGE` when it is not; ends by itself after 20,000.
 */
const [file = '', bodyBytes = '2000'] = process.argv.slice(2)
const writer = await createSnapshot(file, { append: true, version: 'killed' })
let next = writer.nextId
const last = next + 20_000

const recordOn = async (): Promise<void> => {
  while (next < last) {
    const id = next
    next += 1
    const body = `${id} `.repeat(Number(bodyBytes) / `${id} `.length)
    try {
      await writer.put(aPair({ id, response: { body } }))
      process.stdout.write(`acked ${id}\n`)
    } catch (error) {
      process.stdout.write(`failed ${id} ${String(error)}\n`)
    }
  }
}
await Promise.all(Array.from({ length: 50 }, recordOn))
await writer.close()
