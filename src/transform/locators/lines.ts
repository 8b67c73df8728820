import { z } from 'zod'
import type { BinaryText } from '../../core/binary-text.ts'
import type { Codec } from '../message/codec.ts'
import type { Span } from '../message/focus.ts'
import { locatorRow } from '../steps/step-row.ts'
import { textLocator, type Spot } from './text-places.ts'

const NDJSON_OPTIONS = z
  .strictObject({})
  .describe('Goes to each line that is not empty, such as the documents of NDJSON.')

/** `ndjson`: goes to each line of a text. */
export const NDJSON = locatorRow('ndjson', NDJSON_OPTIONS, {}, () =>
  textLocator((text) => {
    const lines = linesOf(text).filter(({ start, end }) => text.slice(start, end).trim() !== '')
    return lines.map((span, index) => ({
      label: `line ${index + 1}`,
      ...span,
      item: { items: lines, index },
    }))
  }, 'no line'),
)

/** Lines without their ends (LF, CR LF, CR). */
function linesOf(text: BinaryText): readonly Span[] {
  const lines: Span[] = []
  let start = 0
  for (const { index, 0: end } of text.matchAll(/\r\n|\n|\r/g)) {
    lines.push({ start, end: index })
    start = index + end.length
  }
  return [...lines, { start, end: text.length }]
}

const SSE_OPTIONS = z
  .strictObject({
    event: z
      .exactOptional(z.string())
      .describe('Only events of this name; "message" for those without one. Default: all.')
      .meta({ examples: ['update'] }),
  })
  .describe('Goes to the data of server-sent events (text/event-stream).')

/** `sse_data`: goes to the data of each server-sent event. */
export const SSE_DATA = locatorRow(
  'sse_data',
  SSE_OPTIONS,
  { shorthand: 'event', namesItself: true },
  ({ event }) =>
    textLocator(
      (text) => eventsOf(text).flatMap((lines, index) => dataSpots(text, lines, index, event)),
      event === undefined ? 'no event' : `no event ${event}`,
    ),
)

/** Events are parted by empty lines. */
function eventsOf(text: BinaryText): readonly (readonly Span[])[] {
  const events: Span[][] = [[]]
  for (const line of linesOf(text)) {
    if (line.start < line.end) events.at(-1)?.push(line)
    else if ((events.at(-1)?.length ?? 0) > 0) events.push([])
  }
  return events.filter((lines) => lines.length > 0)
}

const DATA = /^data(?:: ?|$)/

function dataSpots(
  text: BinaryText,
  lines: readonly Span[],
  index: number,
  event: string | undefined,
): readonly Spot[] {
  const textOf = ({ start, end }: Span): string => text.slice(start, end)
  const name = lines.map(textOf).findLast((line) => line.startsWith('event:'))
  if (event !== undefined && event !== (name?.replace(/^event: ?/, '') ?? 'message')) return []
  return runsOfData(lines, (line) => DATA.test(textOf(line))).map(([first, last]) => {
    const prefix = DATA.exec(textOf(first))?.[0] ?? 'data: '
    const span = { start: first.start + prefix.length, end: last.end }
    return {
      label: `event ${index + 1}`,
      ...span,
      codec: dataCodec(text.slice(span.start, span.end), prefix),
    }
  })
}

/** Neighbouring data lines are one text; other fields in between part them. */
function runsOfData(
  lines: readonly Span[],
  isData: (line: Span) => boolean,
): readonly (readonly [first: Span, last: Span])[] {
  const runs: [Span, Span][] = []
  let wasData = false
  for (const line of lines) {
    const last = runs.at(-1)
    if (isData(line) && wasData && last !== undefined) last[1] = line
    else if (isData(line)) runs.push([line, line])
    wasData = isData(line)
  }
  return runs
}

/** Lines of an event's data are joined by line feeds; each is written with the field's name again. */
function dataCodec(recorded: BinaryText, prefix: string): Codec {
  const end = /\r\n|\n|\r/.exec(recorded)?.[0] ?? '\n'
  return {
    name: 'event data',
    decode: (outer) => outer.replaceAll(/(?:\r\n|\n|\r)data(?:: ?)?/g, '\n'),
    encode: (inner) => inner.split(/\r\n|\n|\r/).join(`${end}${prefix}`),
  }
}
