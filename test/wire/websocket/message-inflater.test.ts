import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib'
import { agreedExtensions } from '../../../src/wire/websocket/extensions.ts'
import type { ReadFrame } from '../../../src/wire/websocket/frame-reader.ts'
import { messageInflater } from '../../../src/wire/websocket/message-inflater.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

function inflating(noContextTakeover = false, maxMessageBytes = 100_000) {
  const frames: [number, boolean, string][] = []
  const broken: string[] = []
  const push = messageInflater({
    agreement: { noContextTakeover },
    maxMessageBytes,
    onFrame: ({ opcode, fin, payload }) =>
      frames.push([opcode, fin, Buffer.from(payload).toString('latin1')]),
    onBroken: (why) => broken.push(why),
  })
  const frame = (payload: Uint8Array, init: Partial<ReadFrame> = {}): void =>
    push({ fin: true, opcode: 1, compressed: true, ...init, payload })
  return { frames, broken, frame }
}

test('the examples of RFC 7692 §7.2.3 inflate as it says', () => {
  const { frames, broken, frame } = inflating()
  frame(hex('f2 48 cd c9 c9 07 00'))
  frame(hex('f2 00 11 00 00'))
  frame(hex('f2 48 cd'), { fin: false })
  frame(hex('c9 c9 07 00'), { opcode: 0, compressed: false })
  frame(hex('00 05 00 fa ff 48 65 6c 6c 6f 00'))
  frame(hex('f3 48 cd c9 c9 07 00 00'))
  frame(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))
  assert.deepEqual(broken, [])
  assert.deepEqual(
    frames,
    Array.from({ length: 6 }, () => [1, true, 'Hello']),
  )
})

test('what a message may refer to goes back over as many messages as the window holds', async () => {
  const { frames, broken, frame } = inflating()
  const deflate = createDeflateRaw()
  const out: Buffer[] = []
  deflate.on('data', (chunk: Buffer) => out.push(chunk))
  const messages = ['a'.repeat(20_000), `${'b'.repeat(20_000)}, then c`, 'then c', `${'a'.repeat(9)}then c`]
  for (const message of messages) {
    deflate.write(message)
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve))
    frame(Buffer.concat(out.splice(0)).subarray(0, -4))
  }
  assert.deepEqual(broken, [])
  assert.deepEqual(
    frames.map(([, , text]) => text),
    messages,
  )
})

test('control frames and uncompressed messages pass between, and within, compressed ones', () => {
  const { frames, frame } = inflating()
  frame(Buffer.from('x'), { fin: false, compressed: false })
  frame(Buffer.from('y'), { opcode: 0, compressed: false })
  frame(hex('f2 48 cd'), { fin: false })
  frame(Buffer.from('!'), { opcode: 9, compressed: false })
  frame(hex('c9 c9 07 00'), { opcode: 0, compressed: false })
  assert.deepEqual(frames, [
    [1, false, 'x'],
    [0, true, 'y'],
    [9, true, '!'],
    [1, true, 'Hello'],
  ])
})

test('without context takeover each message starts anew', () => {
  const { frames, broken, frame } = inflating(true)
  frame(hex('f2 48 cd c9 c9 07 00'))
  frame(hex('f2 00 11 00 00'))
  assert.deepEqual(frames, [[1, true, 'Hello']])
  assert.deepEqual(broken, ['a message that cannot be inflated'])
})

test('a bomb is given up at the limit', () => {
  const { frames, broken, frame } = inflating()
  frame(deflateRawSync(Buffer.alloc(10_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4))
  frame(hex('f2 48 cd c9 c9 07 00'))
  assert.deepEqual(frames, [])
  assert.deepEqual(broken, ['a message of more than 100000 bytes'])
})

test('a compressed message in pieces is bounded before it is whole', () => {
  const { broken, frame } = inflating(false, 10)
  frame(Buffer.alloc(6), { fin: false })
  frame(Buffer.alloc(6), { fin: false, opcode: 0, compressed: false })
  assert.deepEqual(broken, ['a message of more than 10 bytes'])
})

test('extensions are read from the 101, and one that is not known makes the frames unreadable', () => {
  const agreed = (...values: string[]) =>
    agreedExtensions(values.map((value) => ['Sec-WebSocket-Extensions', value] as const))
  assert.deepEqual(agreed(), { kind: 'none' })
  assert.deepEqual(agreed(''), { kind: 'none' })
  assert.deepEqual(agreed('Permessage-Deflate; server_no_context_takeover ; client_max_window_bits=12'), {
    kind: 'deflate',
    client: { noContextTakeover: false },
    server: { noContextTakeover: true },
  })
  assert.deepEqual(agreed('permessage-deflate', 'x-other'), { kind: 'unknown' })
  assert.deepEqual(agreed('x-webkit-deflate-frame'), { kind: 'unknown' })
})
