import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pairJson, pairLine, pairPage } from '../../src/cli/pair-page.ts'
import { gapLines } from '../../src/cli/passage-lines.ts'
import { aFrame, aGap, aPair, anInterim, RECORDED_AT } from '../support/a-pair.ts'

const plain = (_: string, text: string): string => text

const TALK = aPair({
  response: {
    status: 101,
    reason: 'Switching Protocols',
    headers: [['Upgrade', 'websocket']],
    body: '',
    interim: [anInterim(4)],
    chunks: [
      { endBytes: 1, atMs: 10 },
      { endBytes: 2, atMs: 2000 },
    ],
    frames: [
      aFrame(20, { from: 'client', payload: `${'é'.repeat(200)}\x1b` }),
      aFrame(30, { fin: false, payload: 'a\x1b[2J' }),
      aFrame(2000, { opcode: 2, payload: Uint8Array.of(0xff, 0) }),
      aFrame(61_000, { opcode: 8, payload: '' }),
      aFrame(61_000, { opcode: 11, payload: 'x' }),
    ],
  },
})

test('a page tells interim responses, pieces and frames, in the order they came', () => {
  const page = pairPage(TALK, RECORDED_AT, plain)
  assert.match(page, /^content came in 2 pieces, 10ms to 2s after the request$/m)
  assert.match(
    page,
    /^103 Early Hints after 4ms\nLink: <\/style\.css>; rel=preload\n\nHTTP\/1\.1 101 Switching Protocols$/m,
  )
  assert.equal(
    page.slice(page.indexOf('\n5 frames')),
    `
5 frames
    20ms  client  text  ${'é'.repeat(120)} … 401 bytes
    30ms  server  text (more follows)  a\\x1b[2J
      2s  server  binary  2 bytes
   1m 1s  server  close
   1m 1s  server  opcode 11  1 bytes
`,
  )
  assert.match(pairLine(TALK), /→ {2}101 Switching Protocols {2}5 frames {2}15ms$/)
})

test('of many frames the first ones are printed, and how many are left', () => {
  const frames = Array.from({ length: 203 }, (_, index) => aFrame(index))
  const page = pairPage(aPair({ response: { frames } }), RECORDED_AT, plain)
  assert.match(page, /\n203 frames\n/)
  assert.match(page, / 199ms {2}server {2}text {2}hello\n {2}… 3 frames more; --json prints them\n$/)
})

test('a page of a plain pair says nothing of pieces or frames', () => {
  assert.doesNotMatch(pairPage(aPair(), RECORDED_AT, plain), /piece|frame/)
})

test('JSON has payloads as text where they are UTF-8, else as base64', () => {
  const { response } = JSON.parse(JSON.stringify(pairJson(TALK))) as {
    response: { interim: unknown; chunks: unknown; frames: unknown[] }
  }
  assert.deepEqual(response.interim, [anInterim(4)])
  assert.deepEqual(response.chunks, TALK.response?.chunks)
  assert.deepEqual(response.frames.slice(1, 3), [
    { from: 'server', fin: false, opcode: 1, atMs: 30, payload: 'a\x1b[2J', payloadEncoding: 'utf8' },
    { from: 'server', fin: true, opcode: 2, atMs: 2000, payload: '/wA=', payloadEncoding: 'base64' },
  ])
})

test('a gap is a line, and of many gaps the first ones', () => {
  assert.deepEqual(gapLines([aGap({ reason: 'a\nb' })]), [
    'gap: 3 exchanges not stored, 2026-11-20T12:00:00.000Z to 2026-11-20T12:00:01.000Z: a\\x0ab',
  ])
  assert.deepEqual(gapLines(Array.from({ length: 22 }, () => aGap())).slice(20), [
    'gap: 2 more; verify --json prints them',
  ])
})
