import { randomBytes } from 'node:crypto'
import { unmask } from './frame-reader.ts'

/** A frame to be sent, its head as short as it can be (RFC 6455 §5.2). */
export function frameBytes(
  { fin, opcode, payload }: { readonly fin: boolean; readonly opcode: number; readonly payload: Uint8Array },
  masked = false,
): Uint8Array {
  const { length } = payload
  const extra = length > 0xffff ? 8 : length > 125 ? 2 : 0
  const start = 2 + extra + (masked ? 4 : 0)
  const bytes = new Uint8Array(start + length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, (fin ? 0x80 : 0) | opcode)
  view.setUint8(1, (masked ? 0x80 : 0) | (extra === 8 ? 127 : extra === 2 ? 126 : length))
  if (extra === 2) view.setUint16(2, length)
  if (extra === 8) view.setBigUint64(2, BigInt(length))
  bytes.set(payload, start)
  if (masked) {
    const mask = randomBytes(4)
    bytes.set(mask, start - 4)
    unmask(bytes.subarray(start), mask)
  }
  return bytes
}

/** The payload of a close frame: a status code, and why in at most 123 bytes (RFC 6455 §5.5.1, §7.4). */
export function closePayload(code: number, reason: string): Uint8Array {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}
