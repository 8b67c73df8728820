import { constants, inflateRawSync } from 'node:zlib'
import { CLOSE, type ReadFrame } from './frame-reader.ts'

/** What permessage-deflate was agreed to be for one direction (RFC 7692 §7.1). */
export interface DeflateAgreement {
  /** Each message starts anew, without what was said before. */
  readonly noContextTakeover: boolean
}

export interface MessageInflaterOptions {
  readonly agreement: DeflateAgreement
  /** Longest message, compressed or not. */
  readonly maxMessageBytes: number
  readonly onFrame: (frame: ReadFrame) => void
  /** One sentence; nothing is read any more. */
  readonly onBroken: (why: string) => void
}

/** What the sender left off each message (RFC 7692 §7.2.1). */
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff)
/** The largest LZ77 window. */
const WINDOW_BYTES = 32_768

/**
 * Undoes permessage-deflate: a compressed message comes out as one frame, in the place of its last; all other frames
 * pass. A message that inflates past the limit is not inflated to its end.
 *
 * What a message may refer to is handed to a fresh inflater as its dictionary, so that none is kept for each
 * connection, and all is done in the turn in which the bytes came.
 */
export function messageInflater(options: MessageInflaterOptions): (frame: ReadFrame) => void {
  const { agreement, maxMessageBytes, onFrame, onBroken } = options
  let opcode: number | undefined
  let parts: Uint8Array[] = []
  let bytes = 0
  let window: Uint8Array = new Uint8Array(0)
  let broken = false

  const give = (why: string): void => {
    broken = true
    parts = []
    onBroken(why)
  }
  const inflate = (): Uint8Array | undefined => {
    try {
      return inflateRawSync(Buffer.concat([...parts, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: maxMessageBytes,
        ...(window.length > 0 ? { dictionary: window } : {}),
      })
    } catch (error) {
      const tooLong = error instanceof RangeError
      give(tooLong ? `a message of more than ${maxMessageBytes} bytes` : 'a message that cannot be inflated')
      return undefined
    }
  }

  return (frame) => {
    if (broken) return
    if (frame.opcode >= CLOSE || (opcode === undefined && !frame.compressed)) {
      onFrame(frame)
      return
    }
    opcode ??= frame.opcode
    bytes += frame.payload.length
    parts.push(frame.payload)
    if (bytes > maxMessageBytes) give(`a message of more than ${maxMessageBytes} bytes`)
    else if (frame.fin) {
      const payload = inflate()
      if (payload === undefined) return
      if (!agreement.noContextTakeover) window = lastBytes(window, payload)
      onFrame({ fin: true, opcode, payload, compressed: false })
      opcode = undefined
      parts = []
      bytes = 0
    }
  }
}

function lastBytes(before: Uint8Array, said: Uint8Array): Uint8Array {
  if (said.length >= WINDOW_BYTES) return new Uint8Array(said.subarray(-WINDOW_BYTES))
  return Buffer.concat([before.subarray(-(WINDOW_BYTES - said.length)), said])
}
