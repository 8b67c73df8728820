import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { WebSocketFrame } from '../../core/exchange.ts'
import type { Cut } from '../../core/upstream-failure.ts'
import { closePayload, frameBytes } from './frame-bytes.ts'
import { CLOSE, frameReader, PING, PONG, type ReadFrame } from './frame-reader.ts'
import { scriptOf, type ScriptStep } from './script.ts'
import { resetSocket } from '../reset-socket.ts'

export interface PlayOptions {
  readonly frames: readonly WebSocketFrame[]
  /** When the 101 was here, in milliseconds since the request's head. */
  readonly headAtMs: number
  /** Recorded waits are kept, so many times as fast; undefined sends each frame as soon as it may. */
  readonly pace: number | undefined
  /** How the connection ends where the frames end; undefined leaves that to the client. */
  readonly cut: Cut | undefined
}

/** Status codes of a close frame (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001
const PROTOCOL_ERROR = 1002
/** What one message of a client may have; it is read and let go. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
/** How long a client may take to answer a close frame. */
const CLOSE_MS = 2000
/** Longest wait that Node's timers know. */
const MAX_WAIT_MS = 2 ** 31 - 1

/**
 * Plays the server of a recorded WebSocket: each of its frames as soon as the client has sent as many messages as it
 * had then. Pings are answered, a close is answered and ends the connection; what breaks the protocol is a 1002.
 * @returns ends the WebSocket, with a closing handshake
 */
export function playWebSocket(socket: Duplex, options: PlayOptions): () => void {
  const script = scriptOf(options.frames, options.headAtMs)
  const gone = new AbortController()
  const client = watchClient(socket, script.closeAnswer)
  socket.once('close', () => gone.abort())
  void play(socket, script.steps, client, options, gone.signal).catch((error: unknown) => {
    if (!gone.signal.aborted) socket.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  return () => client.close(GOING_AWAY, 'reseal stops')
}

/** What a client has done so far. */
interface Client {
  /** Resolves once it has sent so many messages. */
  sent(messages: number): Promise<void>
  /** Sends a close frame of this payload, once; the connection ends with the client's answer, or soon without. */
  sendClose(payload: Uint8Array): void
  close(code: number, reason: string): void
  /** A close frame was sent: nothing may follow it (RFC 6455 §5.5.1). */
  closed(): boolean
}

function watchClient(socket: Duplex, closeAnswer: Uint8Array | undefined): Client {
  let messages = 0
  let waiting: { readonly messages: number; readonly resolve: () => void }[] = []
  let closeSent = false

  const sendClose = (payload: Uint8Array): void => {
    if (closeSent) return
    closeSent = true
    socket.write(frameBytes({ fin: true, opcode: CLOSE, payload }))
    const late = setTimeout(() => socket.destroy(), CLOSE_MS)
    socket.once('close', () => clearTimeout(late))
  }
  const close = (code: number, reason: string): void => sendClose(closePayload(code, reason))
  const heard = ({ opcode, fin, payload }: ReadFrame): void => {
    if (opcode === PING && !closeSent) socket.write(frameBytes({ fin: true, opcode: PONG, payload }))
    else if (opcode === CLOSE) {
      sendClose(closeAnswer ?? payload)
      socket.end()
    } else if (opcode < CLOSE && fin) {
      messages += 1
      const due = waiting.filter((one) => one.messages <= messages)
      waiting = waiting.filter((one) => one.messages > messages)
      for (const { resolve } of due) resolve()
    }
  }
  const reader = frameReader({
    masked: true,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
    compression: false,
    onFrame: heard,
    onBroken: (why) => {
      close(PROTOCOL_ERROR, why)
      socket.end()
    },
  })
  socket.on('data', (chunk: Buffer) => reader.push(chunk))
  socket.once('end', () => socket.end())
  return {
    sent: (wanted) =>
      new Promise((resolve) => {
        if (messages >= wanted) resolve()
        else waiting.push({ messages: wanted, resolve })
      }),
    sendClose,
    close,
    closed: () => closeSent,
  }
}

async function play(
  socket: Duplex,
  steps: readonly ScriptStep[],
  client: Client,
  { pace, cut }: PlayOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const { frame, afterMessages, waitMs } of steps) {
    await client.sent(afterMessages)
    if (pace !== undefined) await wait(Math.min(waitMs / pace, MAX_WAIT_MS), undefined, { signal })
    if (client.closed() || signal.aborted) return
    if (frame.opcode === CLOSE) client.sendClose(frame.payload)
    else if (!socket.write(frameBytes(frame))) await once(socket, 'drain', { signal })
  }
  if (cut === 'reset' && socket instanceof Socket) resetSocket(socket)
  else if (cut !== undefined) socket.destroy()
}
