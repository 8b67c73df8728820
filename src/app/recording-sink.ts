import type { RecorderSink } from '../capture/recorder.ts'
import type { PairHead, RRPair } from '../core/pair.ts'
import type { Redactor } from '../redact/redactor.ts'
import type { SnapshotWriter } from '../store/snapshot-writer.ts'
import { tokensOf } from './inspect.ts'

/** A way to the snapshot that takes secrets out and counts what is worth telling. */
export interface RecordingSink extends RecorderSink {
  /** JWTs in the pairs that are stored. */
  jwts(): number
}

/** @param onPair told of each pair once it is committed, and how many JWTs it holds */
export function recordingSink(
  writer: SnapshotWriter,
  redact: Redactor,
  onPair: (pair: PairHead, jwts: number) => void,
): RecordingSink {
  let jwts = 0
  return {
    jwts: () => jwts,
    note: (gap) => writer.note(gap),
    amend: (passed) => {
      const { request, requestBytes } = redact({ ...passed, response: undefined })
      return writer.amend({ ...passed, request, requestBytes })
    },
    put: async (passed) => {
      const pair = redact(passed)
      // Counted before the writer takes the bodies over.
      const found = countTokens(pair)
      await writer.put(pair)
      jwts += found
      onPair(pair, found)
    },
  }
}

/** Bodies past this are not searched for tokens while recording; `reseal tokens` finds those as well. */
const MAX_SEARCHED_BYTES = 1024 * 1024

function countTokens(pair: RRPair): number {
  const small = [pair.request, pair.response].every(
    (message) => (message?.body.length ?? 0) <= MAX_SEARCHED_BYTES,
  )
  return small ? tokensOf(pair, MAX_SEARCHED_BYTES).length : 0
}
