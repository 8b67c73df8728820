import { cpuUsage } from 'node:process'
import type { PairId } from '../../core/pair.ts'
import { JOURNAL_ENTRIES } from '../../respond/journal.ts'
import type { Traffic } from '../../respond/traffic.ts'
import { machineClock } from './machine-clock.ts'
import type { WorkerNews } from './messages.ts'

/** Gives what this process has done since it was last asked. @param served the pairs that were an answer since */
export function ownNews({ journal, counts }: Traffic, served: () => readonly PairId[]): () => WorkerNews {
  const machineMs = machineClock()
  let told = 0
  return () => {
    const entries = journal.after(told, JOURNAL_ENTRIES)
    const count = journal.last - told
    told = journal.last
    const { user, system } = cpuUsage()
    return {
      entries: entries.map((entry) => ({ machineMs: machineMs(journal.doneMs(entry.number)), entry })),
      count,
      counts: counts(),
      served: served(),
      cpuMicros: user + system,
      rssBytes: process.memoryUsage.rss(),
    }
  }
}
