import type { ContentChunk } from './exchange.ts'
import { headerValue, type RawHeaders } from './headers.ts'

/** Whether the content is a stream of server-sent events (HTML, "Server-sent events"). */
export function isEventStream(headers: RawHeaders): boolean {
  return /^text\/event-stream\s*(?:;|$)/i.test(headerValue(headers, 'content-type') ?? '')
}

/**
 * The recorded pieces for a body other than the recorded one. Events of a stream stay whole: the n-th event comes when
 * the n-th did. Other content is cut where it was, as far as it reaches.
 * @param plain the body has no content coding, so that its events can be seen
 */
export function fitChunks(
  chunks: readonly ContentChunk[],
  headers: RawHeaders,
  recorded: Uint8Array,
  body: Uint8Array,
  plain: boolean,
): readonly ContentChunk[] {
  const last = chunks.at(-1)
  if (last === undefined || body.length === 0) return []
  if (plain && isEventStream(headers)) return fitEvents(chunks, recorded, body)
  const kept = chunks.slice(0, -1).filter(({ endBytes }) => endBytes < body.length)
  return [...kept, { endBytes: body.length, atMs: (chunks[kept.length] ?? last).atMs }]
}

function fitEvents(
  chunks: readonly ContentChunk[],
  recorded: Uint8Array,
  body: Uint8Array,
): readonly ContentChunk[] {
  const endMs = chunks.at(-1)?.atMs ?? 0
  let chunk = 0
  const times = eventEnds(recorded).map((end) => {
    while ((chunks[chunk]?.endBytes ?? Infinity) < end) chunk += 1
    return chunks[chunk]?.atMs ?? endMs
  })
  return eventEnds(body).map((endBytes, index) => ({ endBytes, atMs: times[index] ?? endMs }))
}

/** Where each event ends, its empty line included; what follows the last one counts as one more. */
function eventEnds(body: Uint8Array): readonly number[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  const ends = [...text.matchAll(/\r\n\r\n|\n\n|\r\r/g)].map((end) => end.index + end[0].length)
  return ends.at(-1) === body.length ? ends : [...ends, body.length]
}
