import { maskedTarget } from '../core/masking.ts'
import type { PairHead } from '../core/pair.ts'

/** Tells of lost exchanges while they are lost, in few lines. */
export interface LossLines {
  lost(reason: string, pair: PairHead): void
  recovered(): void
}

/** A disk that stays full for an hour has 360 lines in the log. */
const PAUSE_MS = 10_000

/** @param monotonicMs a clock that never jumps */
export function createLossLines(warn: (line: string) => void, monotonicMs: () => number): LossLines {
  let saidAtMs = -Infinity
  let unsaid = 0
  const pausing = (): boolean => monotonicMs() - saidAtMs < PAUSE_MS
  const say = (line: string): void => {
    saidAtMs = monotonicMs()
    unsaid = 0
    warn(line)
  }
  return {
    lost(reason, { id, request }) {
      unsaid += 1
      if (pausing()) return
      const more = unsaid === 1 ? '' : `, and ${unsaid - 1} before it`
      say(`pair ${id} (${request.method} ${maskedTarget(request.target)}) was not stored${more}: ${reason}`)
    },
    recovered() {
      if (pausing()) return
      say(unsaid === 0 ? 'exchanges are stored again' : `exchanges are stored again; ${unsaid} more were not`)
    },
  }
}
