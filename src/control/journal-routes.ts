import { z } from 'zod'
import { headerValue } from '../core/headers.ts'
import type { ContentStream } from '../core/exchange.ts'
import type { MissGroup } from '../respond/miss-book.ts'
import { nearestJson } from '../respond/miss-report.ts'
import type { ControlledReplay } from './controlled-replay.ts'
import { route, type Answered, type Asked, type ControlRoute } from './control-route.ts'
import { entryJson, journalEvents } from './journal-events.ts'
import { pageParameters } from './query-parameter.ts'

const NEAR = z.strictObject({
  pair: z.number(),
  method: z.string(),
  target: z.string(),
  cause: z.string().meta({ description: 'Why it probably does not fit.' }),
  differs: z.array(
    z.strictObject({
      field: z.string(),
      recorded: z.string().optional(),
      asked: z.string().optional(),
      cause: z.string(),
    }),
  ),
})
const ENTRY = z.strictObject({
  number: z.number().meta({ description: 'From 1, without gaps.' }),
  at: z.number().meta({ description: 'When the answer was there; milliseconds since 1970-01-01T00:00:00Z.' }),
  listener: z.string(),
  method: z.string(),
  target: z.string().meta({ description: 'Masked.' }),
  verdict: z.string().meta({ examples: ['hit', 'miss', 'issuer', 'fault', 'failed'] }),
  pair: z.number().optional().meta({ description: 'That was served.' }),
  nearest: z.array(NEAR).optional().meta({ description: 'What comes nearest to a miss.' }),
  faults: z.array(z.string()).optional().meta({ description: 'Ids of the faults in the answer.' }),
  status: z.number(),
  tookMs: z.number().meta({ description: 'To make the answer; the network is not in it.' }),
})
const JOURNAL = {
  name: 'Journal',
  schema: z.strictObject({
    entries: z.array(ENTRY),
    first: z.number().meta({ description: 'The oldest number that is still here.' }),
    last: z.number().meta({ description: 'The newest number.' }),
    processes: z.number().meta({ description: 'How many serve, whose journal this is.' }),
  }),
}
const MISSES = {
  name: 'MissList',
  schema: z.strictObject({
    misses: z.array(
      z.strictObject({
        count: z.number(),
        firstAt: z.number(),
        lastAt: z.number(),
        method: z.string(),
        target: z.string().meta({ description: 'Of the last one, masked.' }),
        nearest: z.array(NEAR),
      }),
    ),
    forgotten: z.number().meta({ description: 'Misses of groups that are not kept any more.' }),
  }),
}

/** Streams that may be open at once. */
const MAX_STREAMS = 32

/** What was asked, and what nothing answered. */
export function journalRoutes(replay: ControlledReplay): readonly ControlRoute[] {
  const stream = streamer(replay)
  return [
    route(
      {
        method: 'GET',
        path: '/v1/journal',
        operation: 'getJournal',
        summary: 'The last requests and what became of them, a page at a time.',
        query: pageParameters('entries'),
        answers: { 200: { description: 'The oldest first.', named: JOURNAL } },
      },
      (_ids, { query }) => {
        const { journal } = replay
        const entries = journal.after(query('after'), query('limit')).map(entryJson)
        const { first, last } = journal
        return { status: 200, value: { entries, first, last, processes: replay.processes() } }
      },
    ),
    route(
      {
        method: 'GET',
        path: '/v1/journal/stream',
        operation: 'streamJournal',
        summary:
          'Every request as it is answered, as server-sent events; Last-Event-ID resumes where a reader was.',
        answers: {
          200: { description: 'Events entry, lost, cut and reset.', type: 'text/event-stream' },
          503: { description: `${MAX_STREAMS} streams are open already.` },
        },
      },
      (_ids, asked) => stream(asked),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/misses',
        operation: 'listMisses',
        summary: 'What nothing answered, grouped by the pair that comes nearest and the fields that differ.',
        answers: { 200: { description: 'The most frequent first.', named: MISSES } },
      },
      () => ({
        status: 200,
        value: { misses: replay.misses.groups().map(missJson), forgotten: replay.misses.forgotten },
      }),
    ),
  ]
}

function missJson({ nearest, ...group }: MissGroup): object {
  return { ...group, nearest: nearestJson(nearest) }
}

/** Gives streams of the journal, so many at once. */
function streamer({ journal }: ControlledReplay): (asked: Asked) => Answered {
  let open = 0
  return ({ headers }) => {
    if (open >= MAX_STREAMS) {
      const message = `${MAX_STREAMS} readers have the journal's stream open already.`
      return { refusal: { code: 'TOO_MANY_STREAMS', message, hint: 'Close one, or read GET /v1/journal.' } }
    }
    const events = journalEvents(journal, lastEventId(headerValue(headers, 'last-event-id')))
    const content: ContentStream = async function* counted(gone) {
      open += 1
      try {
        yield* events(gone)
      } finally {
        open -= 1
      }
    }
    return { status: 200, stream: { type: 'text/event-stream', content } }
  }
}

function lastEventId(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
