import type { ExchangeTap, WebSocketFrame } from '../../core/exchange.ts'
import type { AgreedExtensions } from './extensions.ts'
import { CLOSE, frameReader, type FrameReader, type ReadFrame } from './frame-reader.ts'
import { messageInflater } from './message-inflater.ts'

/** Told of the frames of a connection. */
export type FrameTap = Pick<ExchangeTap, 'frame' | 'framesLost'>

/** Reads along what passes on a WebSocket. */
export interface FrameWatch {
  /** Bytes that came from this side. */
  passed(from: WebSocketFrame['from'], chunk: Uint8Array): void
  /** Both sides have sent a close frame (RFC 6455 §1.4). */
  closed(): boolean
  /** This side has. */
  closedBy(from: WebSocketFrame['from']): boolean
  /** A frame can be put in here, in both directions. */
  between(): boolean
}

/**
 * Tells a tap every frame, until what passes cannot be read as frames or all payloads come to more than
 * `maxFrameBytes`; from there on it tells nothing.
 */
export function watchFrames(agreed: AgreedExtensions, maxFrameBytes: number, tap: FrameTap): FrameWatch {
  const closes = { client: false, server: false }
  let bytes = 0
  let lost = false
  const lose = (why: string): void => {
    if (!lost) tap.framesLost(why)
    lost = true
  }
  const side = (from: WebSocketFrame['from']): FrameReader => {
    const tell = ({ fin, opcode, payload }: ReadFrame): void => {
      bytes += payload.length
      if (bytes > maxFrameBytes) lose(`The frames come to more than ${maxFrameBytes} bytes`)
      if (lost) return
      if (opcode === CLOSE) closes[from] = true
      tap.frame({ from, fin, opcode, payload })
    }
    const onBroken = (why: string): void => lose(`The ${from} sent ${why}`)
    const onFrame =
      agreed.kind === 'deflate'
        ? messageInflater({
            agreement: agreed[from],
            maxMessageBytes: maxFrameBytes,
            onFrame: tell,
            onBroken,
          })
        : tell
    return frameReader({
      masked: from === 'client',
      maxPayloadBytes: maxFrameBytes,
      compression: agreed.kind === 'deflate',
      onFrame,
      onBroken,
    })
  }
  const readers = { client: side('client'), server: side('server') }
  if (agreed.kind === 'unknown') lose('The two sides agreed on an extension that is not known here')
  return {
    passed(from, chunk) {
      if (!lost) readers[from].push(chunk)
    },
    closed: () => closes.client && closes.server,
    closedBy: (from) => closes[from],
    between: () => !lost && readers.client.between() && readers.server.between(),
  }
}
