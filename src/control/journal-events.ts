import type { ContentStream } from '../core/exchange.ts'
import type { JournalEntry } from '../respond/journal-entry.ts'
import type { JournalView } from '../respond/journal.ts'
import { nearestJson } from '../respond/miss-report.ts'

/** So long without an entry, a comment is sent: it finds out who has gone. */
const HEARTBEAT_MS = 15_000
/** Entries in one piece of content. */
const BATCH = 100

/**
 * A journal as server-sent events: `entry` for each, its number as the id; `lost` where entries are gone that were asked
 * for; `cut` before a reader is let go that is slower than the requests; `reset` when the journal was cleared.
 * @param after the number of the entry that the reader has; undefined for only what comes from now on
 */
export function journalEvents(journal: JournalView, after: number | undefined): ContentStream {
  return async function* events(gone) {
    let at = after === undefined ? journal.last : Math.min(after, journal.last)
    yield text('retry: 1000\n\n')
    let isCaughtUp = false
    while (!gone.aborted && !journal.isClosed) {
      if (at < journal.cleared) {
        yield event('reset', { after: journal.cleared })
        at = journal.cleared
      }
      const lost = journal.first - at - 1
      if (lost > 0) {
        // Whoever asks for the past may have come too late; whoever was here has been too slow, and asks again.
        yield event(isCaughtUp ? 'cut' : 'lost', { lost, first: journal.first })
        if (isCaughtUp) return
        at = journal.first - 1
      }
      const entries = journal.after(at, BATCH)
      at = entries.at(-1)?.number ?? at
      isCaughtUp = true
      if (entries.length > 0) yield text(entries.map(entryEvent).join(''))
      else {
        await journal.next(at, HEARTBEAT_MS, gone)
        if (journal.last === at && !journal.isClosed && !gone.aborted) yield text(': still here\n\n')
      }
    }
  }
}

function entryEvent(entry: JournalEntry): string {
  return `id: ${entry.number}\nevent: entry\ndata: ${JSON.stringify(entryJson(entry))}\n\n`
}

/** An entry as JSON shows it. */
export function entryJson({ nearest, ...entry }: JournalEntry): object {
  return nearest === undefined ? entry : { ...entry, nearest: nearestJson(nearest) }
}

/** An event without an id, so that the reader's last one stays. */
function event(name: string, data: object): Uint8Array {
  return text(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

function text(content: string): Uint8Array {
  return Buffer.from(content)
}
