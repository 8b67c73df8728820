import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitChunks, isEventStream } from '../../src/core/content-piece.ts'
import type { RawHeaders } from '../../src/core/headers.ts'

const EVENTS: RawHeaders = [['content-type', 'text/event-stream; charset=utf-8']]
const JSON_LINES: RawHeaders = [['Content-Type', 'application/x-ndjson']]

test('an event stream is told by its media type, whatever its parameters and letters', () => {
  assert.equal(isEventStream(EVENTS), true)
  assert.equal(isEventStream([['Content-Type', 'TEXT/EVENT-STREAM']]), true)
  assert.equal(isEventStream([['Content-Type', 'text/event-streams']]), false)
  assert.equal(isEventStream([]), false)
})

test('events that changed stay whole, each at the time of the one in its place', () => {
  const recorded = 'data: a\n\ndata: b\n\ndata: c\n\n'
  const changed = 'data: longer a\n\ndata: b\r\n\r\ndata: longer c\n\n'
  const chunks = [
    { endBytes: 9, atMs: 10 },
    // The second and the third event came together.
    { endBytes: 27, atMs: 500 },
  ]
  assert.deepEqual(fitted(chunks, EVENTS, recorded, changed), [
    ['data: longer a\n\n', 10],
    ['data: b\r\n\r\n', 500],
    ['data: longer c\n\n', 500],
  ])
})

test('more events than were recorded come with the last one', () => {
  const chunks = [{ endBytes: 9, atMs: 10 }]
  assert.deepEqual(fitted(chunks, EVENTS, 'data: a\n\n', 'data: a\n\ndata: b\n\nrest'), [
    ['data: a\n\n', 10],
    ['data: b\n\n', 10],
    ['rest', 10],
  ])
})

test('other content is cut where it was, as far as it reaches, and its last piece holds the rest', () => {
  const chunks = [
    { endBytes: 2, atMs: 1 },
    { endBytes: 4, atMs: 2 },
    { endBytes: 6, atMs: 3 },
  ]
  assert.deepEqual(fitted(chunks, JSON_LINES, 'aabbcc', 'aabbccdd'), [
    ['aa', 1],
    ['bb', 2],
    ['ccdd', 3],
  ])
  assert.deepEqual(fitted(chunks, JSON_LINES, 'aabbcc', 'aab'), [
    ['aa', 1],
    ['b', 2],
  ])
  assert.deepEqual(fitted(chunks, JSON_LINES, 'aabbcc', ''), [])
})

function fitted(
  chunks: Parameters<typeof fitChunks>[0],
  headers: RawHeaders,
  recorded: string,
  body: string,
): readonly (readonly [piece: string, atMs: number])[] {
  const pieces = fitChunks(chunks, headers, Buffer.from(recorded), Buffer.from(body), true)
  return pieces.map(({ endBytes, atMs }, index) => [
    body.slice(pieces[index - 1]?.endBytes ?? 0, endBytes),
    atMs,
  ])
}
