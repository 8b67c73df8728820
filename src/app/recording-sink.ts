import type { RecorderSink } from '../capture/recorder.ts'
import { parseJwt } from '../core/jwt.ts'
import type { PairHead } from '../core/pair.ts'
import { createRedactor } from '../redact/redactor.ts'
import type { RedactRules } from '../redact/rules.ts'
import type { SnapshotWriter } from '../store/snapshot-writer.ts'

/** A way to the snapshot that takes secrets out and counts what is worth telling. */
export interface RecordingSink extends RecorderSink {
  /** JWTs in the pairs that are stored. */
  jwts(): number
}

/** @param onPair told of each pair once it is committed, and how many JWTs it holds; its client waits for it */
export function recordingSink(
  writer: SnapshotWriter,
  rules: RedactRules,
  onPair: (pair: PairHead, jwts: number) => void | Promise<void>,
): RecordingSink {
  let jwts = 0
  let found = 0
  const redact = createRedactor(rules, (token) => {
    if (parseJwt(token) !== undefined) found += 1
  })
  return {
    jwts: () => jwts,
    note: (gap) => writer.note(gap),
    amend: (passed) => {
      const { request, requestBytes } = redact({ ...passed, response: undefined })
      return writer.amend({ ...passed, request, requestBytes })
    },
    put: async (passed) => {
      found = 0
      const pair = redact(passed)
      const inPair = found
      await writer.put(pair)
      jwts += inPair
      await onPair(pair, inPair)
    },
  }
}
