import type { WebSocketFrame } from '../../core/exchange.ts'
import { CLOSE, PING, PONG } from './frame-reader.ts'

/** A frame that the server sends of its own accord. */
export interface ScriptStep {
  readonly frame: WebSocketFrame
  /** The client's whole messages that came before it. */
  readonly afterMessages: number
  /** Since the frame before it, whoever sent that, or since the head. */
  readonly waitMs: number
}

/** What a recorded server does on a connection. */
export interface Script {
  readonly steps: readonly ScriptStep[]
  /** The payload it answered the client's close with; undefined when it closed first or not at all. */
  readonly closeAnswer: Uint8Array | undefined
}

/**
 * Reads recorded frames as a script. Messages are counted and not frames, as another client may cut them in other
 * places. Answers to a client's ping and close are left out, as they are given to what this client sends.
 */
export function scriptOf(frames: readonly WebSocketFrame[], headAtMs = 0): Script {
  const steps: ScriptStep[] = []
  const pings: string[] = []
  let messages = 0
  let clientClosed = false
  let closeAnswer: Uint8Array | undefined
  let beforeMs = headAtMs
  for (const frame of frames) {
    const { from, opcode, fin, payload, atMs } = frame
    if (from === 'client') {
      if (opcode === PING) pings.push(textOf(payload))
      else if (opcode === CLOSE) clientClosed = true
      else if (opcode < CLOSE && fin) messages += 1
    } else if (opcode === CLOSE && clientClosed) closeAnswer = payload
    else if (opcode !== PONG || !takePing(pings, textOf(payload))) {
      steps.push({ frame, afterMessages: messages, waitMs: Math.max(0, atMs - beforeMs) })
    }
    beforeMs = atMs
  }
  return { steps, closeAnswer }
}

/** A pong answers the ping of its payload, and all before it (RFC 6455 §5.5.3). */
function takePing(pings: string[], payload: string): boolean {
  const at = pings.indexOf(payload)
  if (at === -1) return false
  pings.splice(0, at + 1)
  return true
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload).toString('latin1')
}
