import { joinedBytes } from '../../core/joined-bytes.ts'

/** A frame as it came (RFC 6455 §5.2), unmasked. */
export interface ReadFrame {
  readonly fin: boolean
  /** 0, 1, 2, 8, 9 or 10. */
  readonly opcode: number
  readonly payload: Uint8Array
  /** RSV1: the message this frame begins is compressed (RFC 7692 §6). */
  readonly compressed: boolean
}

export interface FrameReaderOptions {
  /** Whether frames must be masked: those of a client are, those of a server are not (RFC 6455 §5.1). */
  readonly masked: boolean
  /** Longest payload that is gathered. */
  readonly maxPayloadBytes: number
  /** Whether RSV1 has a meaning. */
  readonly compression: boolean
  readonly onFrame: (frame: ReadFrame) => void
  /** The bytes are no frames, or a frame is too long: one sentence. Nothing is read any more. */
  readonly onBroken: (why: string) => void
}

/** Reads frames from the bytes of one direction. */
export interface FrameReader {
  push(chunk: Uint8Array): void
  /** No frame is under way, and all bytes so far were frames: a frame may be put in here. */
  between(): boolean
}

/** Frames that control the connection, and may stand within a fragmented message (RFC 6455 §5.5). */
export const CLOSE = 8
export const PING = 9
export const PONG = 10

/**
 * An incremental reader of frames. It never throws, whatever comes, and holds at most one head and one payload of the
 * longest length allowed; what a frame announces is not set aside before it is here.
 */
export function frameReader(options: FrameReaderOptions): FrameReader {
  const { maxPayloadBytes, onFrame, onBroken } = options
  const headBytes = new Uint8Array(14)
  let headLength = 0
  let head: FrameHead | undefined
  let parts: Uint8Array[] = []
  let missing = 0
  let inMessage = false
  const state = { broken: false }

  const give = (why: string): void => {
    state.broken = true
    parts = []
    onBroken(why)
  }
  const finish = ({ fin, opcode, compressed, mask, length }: FrameHead): void => {
    const payload = payloadOf(parts, length)
    if (mask !== undefined) unmask(payload, mask)
    if (opcode < CLOSE) inMessage = !fin
    parts = []
    head = undefined
    headLength = 0
    onFrame({ fin, opcode, payload, compressed })
  }
  /** Takes bytes of the head; gives how many. */
  const takeHead = (chunk: Uint8Array, from: number): number => {
    const start = headLength
    while (headLength < wantedHead(headBytes, headLength) && from + headLength - start < chunk.length) {
      headBytes[headLength] = chunk[from + headLength - start] ?? 0
      headLength += 1
    }
    if (headLength === wantedHead(headBytes, headLength)) {
      const read = readHead(headBytes)
      const fault = headFault(read, inMessage, options)
      if (fault !== undefined) give(fault)
      else if (read.length > maxPayloadBytes) give(`a frame of more than ${maxPayloadBytes} bytes`)
      else {
        head = read
        missing = read.length
      }
    }
    return headLength - start
  }

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length && !state.broken;) {
        if (head === undefined) at += takeHead(chunk, at)
        if (head === undefined) continue
        const part = chunk.subarray(at, at + missing)
        // Always a copy: a chunk is its owner's, and unmasking writes.
        if (part.length > 0) parts.push(new Uint8Array(part))
        at += part.length
        missing -= part.length
        if (missing === 0) finish(head)
      }
    },
    between: () => !state.broken && headLength === 0,
  }
}

interface FrameHead {
  readonly fin: boolean
  readonly rsv: number
  readonly compressed: boolean
  readonly opcode: number
  readonly mask: Uint8Array | undefined
  readonly length: number
}

/** How many bytes the head has, as far as the first ones tell. */
function wantedHead(bytes: Uint8Array, known: number): number {
  if (known < 2) return 2
  const second = bytes[1] ?? 0
  const size = second & 0x7f
  return 2 + (size === 126 ? 2 : size === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0)
}

function readHead(bytes: Uint8Array): FrameHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const first = view.getUint8(0)
  const second = view.getUint8(1)
  const size = second & 0x7f
  const end = size === 126 ? 4 : size === 127 ? 10 : 2
  return {
    fin: (first & 0x80) !== 0,
    rsv: (first & 0x70) >> 4,
    compressed: (first & 0x40) !== 0,
    opcode: first & 0x0f,
    mask: second & 0x80 ? bytes.slice(end, end + 4) : undefined,
    // Past 2^53 it is rounded, which is past every bound as well.
    length: size === 126 ? view.getUint16(2) : size === 127 ? Number(view.getBigUint64(2)) : size,
  }
}

const OPCODES: ReadonlySet<number> = new Set([0, 1, 2, CLOSE, PING, PONG])
/** Of a control frame (RFC 6455 §5.5). */
const MAX_CONTROL_BYTES = 125

/** What makes an endpoint fail the connection (RFC 6455 §5). */
function headFault(
  head: FrameHead,
  inMessage: boolean,
  { masked, compression }: FrameReaderOptions,
): string | undefined {
  const { opcode } = head
  if (!OPCODES.has(opcode)) return `a frame of the reserved opcode ${opcode}`
  const mayCompress = compression && (opcode === 1 || opcode === 2)
  if (head.rsv !== 0 && !(mayCompress && head.rsv === 4)) return 'a frame with a reserved bit'
  if ((head.mask !== undefined) !== masked) return masked ? 'a frame without a mask' : 'a frame with a mask'
  if (opcode >= CLOSE) {
    if (!head.fin) return 'a control frame in pieces'
    return head.length > MAX_CONTROL_BYTES ? 'a control frame that is too long' : undefined
  }
  if (opcode === 0 && !inMessage) return 'a continuation of no message'
  return opcode !== 0 && inMessage ? 'a message within another' : undefined
}

function payloadOf(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : joinedBytes(parts, length)
}

/** Masking and unmasking are the same (RFC 6455 §5.3). */
export function unmask(payload: Uint8Array, mask: Uint8Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = mask
  const key = [a, b, c, d]
  for (let at = 0; at < payload.length; at += 1) payload[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0)
}
