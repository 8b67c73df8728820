import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frameBytes } from '../../../src/wire/websocket/frame-bytes.ts'
import { frameReader, type ReadFrame } from '../../../src/wire/websocket/frame-reader.ts'

interface Read {
  readonly frames: (Omit<ReadFrame, 'payload'> & { readonly payload: string })[]
  readonly broken: string[]
  readonly between: boolean
}

function read(
  chunks: readonly Uint8Array[],
  options: { masked?: boolean; compression?: boolean } = {},
): Read {
  const frames: Read['frames'][number][] = []
  const broken: string[] = []
  const reader = frameReader({
    masked: options.masked ?? false,
    compression: options.compression ?? false,
    maxPayloadBytes: 100_000,
    onFrame: ({ payload, ...frame }) =>
      frames.push({ ...frame, payload: Buffer.from(payload).toString('latin1') }),
    onBroken: (why) => broken.push(why),
  })
  for (const chunk of chunks) reader.push(chunk)
  return { frames, broken, between: reader.between() }
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('the examples of RFC 6455 §5.7 read as it says', () => {
  const text = { fin: true, opcode: 1, compressed: false, payload: 'Hello' }
  assert.deepEqual(read([hex('81 05 48 65 6c 6c 6f')]).frames, [text])
  assert.deepEqual(read([hex('81 85 37 fa 21 3d 7f 9f 4d 51 58')], { masked: true }).frames, [text])
  assert.deepEqual(read([hex('01 03 48 65 6c 80 02 6c 6f')]).frames, [
    { fin: false, opcode: 1, compressed: false, payload: 'Hel' },
    { fin: true, opcode: 0, compressed: false, payload: 'lo' },
  ])
  assert.deepEqual(read([hex('89 05 48 65 6c 6c 6f')]).frames, [{ ...text, opcode: 9 }])
  assert.equal(
    read([Buffer.concat([hex('82 7e 01 00'), Buffer.alloc(256, 7)])]).frames[0]?.payload.length,
    256,
  )
  const long = Buffer.concat([hex('82 7f 00 00 00 00 00 01 00 00'), Buffer.alloc(65_536)])
  assert.equal(read([long]).frames[0]?.payload.length, 65_536)
})

test('frames read the same however their bytes are cut', () => {
  const frame = fc.record({
    opcode: fc.constantFrom(1, 2, 9, 10),
    payload: fc.uint8Array({ maxLength: 125 }),
  })
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 5 }),
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (sent, masked, cuts) => {
        const bytes = Buffer.concat(
          sent.map(({ opcode, payload }) => frameBytes({ fin: true, opcode, payload }, masked)),
        )
        const chunks: Uint8Array[] = []
        for (let at = 0; at < bytes.length;) {
          const next = at + Number(cuts.next().value)
          chunks.push(bytes.subarray(at, next))
          at = next
        }
        const { frames, broken, between } = read(chunks, { masked })
        assert.deepEqual(broken, [])
        assert.ok(between)
        assert.deepEqual(
          frames.map(({ opcode, payload }) => [opcode, payload]),
          sent.map(({ opcode, payload }) => [opcode, Buffer.from(payload).toString('latin1')]),
        )
      },
    ),
  )
})

test('reading leaves the bytes as they are, and what was read does not change with them', () => {
  const bytes = hex('81 85 37 fa 21 3d 7f 9f 4d 51 58')
  const payloads: Uint8Array[] = []
  const reader = frameReader({
    masked: true,
    compression: false,
    maxPayloadBytes: 9,
    onFrame: ({ payload }) => payloads.push(payload),
    onBroken: assert.fail,
  })
  reader.push(bytes)
  assert.equal(bytes.toString('hex'), '818537fa213d7f9f4d5158')
  bytes.fill(0)
  assert.equal(Buffer.from(payloads[0] ?? []).toString(), 'Hello')
})

const HOSTILE: readonly (readonly [string, string, { masked?: boolean; compression?: boolean }?])[] = [
  ['83 00', 'a frame of the reserved opcode 3'],
  ['8b 00', 'a frame of the reserved opcode 11'],
  ['c1 00', 'a frame with a reserved bit'],
  ['a1 00', 'a frame with a reserved bit'],
  ['c9 00', 'a frame with a reserved bit', { compression: true }],
  ['81 00', 'a frame without a mask', { masked: true }],
  ['81 80 00 00 00 00', 'a frame with a mask'],
  ['09 00', 'a control frame in pieces'],
  ['88 7e 00 7e', 'a control frame that is too long'],
  ['80 00', 'a continuation of no message'],
  ['01 00 81 00', 'a message within another'],
  ['82 7f ff ff ff ff ff ff ff ff', 'a frame of more than 100000 bytes'],
  ['82 7f 00 00 00 00 00 01 86 a1', 'a frame of more than 100000 bytes'],
]
for (const [bytes, why, options] of HOSTILE) {
  test(`${bytes} is ${why}, and nothing after it is read`, () => {
    const { frames, broken, between } = read([hex(bytes), hex('81 00'), hex('81 00')], options)
    assert.deepEqual(broken, [why])
    assert.ok(frames.length <= 1)
    assert.equal(between, false)
  })
}

test('any bytes at all are read without an error', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.boolean(),
      fc.boolean(),
      (chunks, masked, compression) => {
        assert.ok(read(chunks, { masked, compression }).broken.length <= 1)
      },
    ),
  )
})
