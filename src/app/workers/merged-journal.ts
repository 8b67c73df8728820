import { setTimeout as wait } from 'node:timers/promises'
import type { JournalEntry } from '../../respond/journal-entry.ts'
import { JOURNAL_ENTRIES, type JournalView } from '../../respond/journal.ts'
import type { StampedEntry, WorkerNews } from './messages.ts'

/** The journal of several processes, in the order in which answers were there. */
export interface MergedJournal extends JournalView {
  /**
   * Takes in what every process has noted, and numbers it.
   * @param upToMs nobody can tell of anything earlier any more
   * @returns the entries that have a number now
   */
  merge(news: readonly Pick<WorkerNews, 'entries' | 'count'>[], upToMs: number): readonly JournalEntry[]
}

/** How often somebody who waits has all processes asked. */
const LOOK_MS = 50

/** @param sync has all processes asked, so that what they answered until now is merged */
export function createMergedJournal(sync: () => Promise<void>): MergedJournal {
  let kept: readonly JournalEntry[] = []
  let held: readonly StampedEntry[] = []
  let last = 0
  let cleared = 0
  const closing = new AbortController()
  return {
    get last() {
      return last
    },
    get first() {
      return kept[0]?.number ?? last + 1
    },
    get cleared() {
      return cleared
    },
    get isClosed() {
      return closing.signal.aborted
    },
    merge: (news, upToMs) => {
      const all = [...held, ...news.flatMap(({ entries }) => entries)].toSorted(
        (a, b) => a.machineMs - b.machineMs,
      )
      const ready = all.filter(({ machineMs }) => machineMs <= upToMs)
      held = all.slice(ready.length)
      // A process keeps its newest, so that what it has lost came before all that it tells.
      last += news.reduce((lost, { entries, count }) => lost + count - entries.length, 0)
      const numbered = ready.map(({ entry }, at) => ({ ...entry, number: last + at + 1 }))
      last += ready.length
      kept = [...kept, ...numbered].slice(-JOURNAL_ENTRIES)
      return numbered
    },
    after: (number, most) => {
      const from = kept.findIndex((entry) => entry.number > number)
      return from === -1 ? [] : kept.slice(from, from + most)
    },
    next: async (number, mostMs, signal) => {
      const until = performance.now() + mostMs
      const stop = AbortSignal.any([signal, closing.signal])
      for (;;) {
        await sync()
        if (last > number || stop.aborted || performance.now() >= until) return
        // An abort ends the wait, and is seen above.
        await wait(LOOK_MS, undefined, { signal: stop, ref: false }).catch(() => undefined)
      }
    },
    clear: () => {
      cleared = last
      kept = []
    },
    close: () => closing.abort(),
  }
}
