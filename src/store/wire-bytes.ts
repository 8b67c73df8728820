import { ResealError } from '../core/errors.ts'
import { encodeHeaderLines, type RawHeaders } from '../core/headers.ts'
import type { PairId } from '../core/pair.ts'

// eslint-disable-next-line no-control-regex -- every byte is meant
const BYTES_ONLY = /^[\x00-\xff]*$/

/** The bytes a text stands for. @throws ResealError SNAPSHOT_WRITE when a character of it is none */
export function textBytes(id: PairId, what: string, text: string): Buffer {
  if (BYTES_ONLY.test(text)) return Buffer.from(text, 'latin1')
  throw unwritablePair(id, `a character of its ${what} is no byte on the wire`)
}

/** Fields as they are stored. @throws ResealError SNAPSHOT_WRITE when they would not come back as they are */
export function headerBytes(id: PairId, what: string, fields: RawHeaders): Uint8Array {
  for (const [name, value] of fields) {
    if (!BYTES_ONLY.test(name) || !BYTES_ONLY.test(value)) {
      throw unwritablePair(id, `a character of its ${what} is no byte on the wire`)
    }
    if (name.includes(': ') || name.includes('\r\n') || value.includes('\r\n')) {
      throw unwritablePair(id, `a field of its ${what} has more than one line`)
    }
  }
  return encodeHeaderLines(fields)
}

/** The error for a pair that would not come back as it is. @param why follows "cannot be stored:" */
export function unwritablePair(id: PairId, why: string): ResealError {
  return new ResealError('SNAPSHOT_WRITE', `pair ${id} cannot be stored: ${why}`, { cause: why })
}
