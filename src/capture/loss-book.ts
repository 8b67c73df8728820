import type { RecordedGap } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'

/** What passed and could not be stored, until the recording itself can say so. */
export interface LossBook {
  /** An exchange that began at this moment was lost. */
  add(at: EpochMs, reason: string): void
  /** Something was stored: there may be room for a note of what was lost before. */
  stored(): void
  /** Notes what is not noted yet; resolves whatever comes of it. */
  finish(): Promise<void>
  /** Everything that was lost, by reason. */
  all(): readonly RecordedGap[]
}

export interface LossBookOptions {
  readonly note: (gap: RecordedGap) => Promise<void>
  /** A clock that never jumps, in milliseconds. */
  readonly monotonicMs: () => number
}

/** Reasons that are told apart; what comes after them counts as one. */
const MAX_REASONS = 16
const OTHER_REASONS = 'several reasons'
/** A disk that is full every other moment makes one note in so long. */
const PAUSE_MS = 1000

export function createLossBook({ note, monotonicMs }: LossBookOptions): LossBook {
  const all = new Map<string, RecordedGap>()
  let open = new Map<string, RecordedGap>()
  let notedAtMs = -Infinity
  let noting: Promise<void> = Promise.resolve()

  const noteOpen = async (): Promise<void> => {
    const gaps = [...open.values()]
    open = new Map()
    for (const gap of gaps) {
      try {
        await note(gap)
      } catch {
        // No room for this either: it is noted with what is lost next, and told at the end in any case.
        include(open, gap)
      }
    }
  }
  return {
    add(at, reason) {
      const gap = { from: at, to: at, exchanges: 1, reason }
      include(open, gap)
      include(all, gap)
    },
    stored() {
      if (open.size === 0 || monotonicMs() - notedAtMs < PAUSE_MS) return
      notedAtMs = monotonicMs()
      noting = noting.then(noteOpen)
    },
    async finish() {
      await noting
      await noteOpen()
    },
    all: () => [...all.values()],
  }
}

function include(gaps: Map<string, RecordedGap>, gap: RecordedGap): void {
  const reason = gaps.has(gap.reason) || gaps.size < MAX_REASONS ? gap.reason : OTHER_REASONS
  const before = gaps.get(reason)
  gaps.set(reason, {
    from: Math.min(before?.from ?? gap.from, gap.from),
    to: Math.max(before?.to ?? gap.to, gap.to),
    exchanges: (before?.exchanges ?? 0) + gap.exchanges,
    reason,
  })
}
