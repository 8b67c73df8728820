import type { ContentChunk, HttpResponse, InterimResponse, WebSocketFrame } from '../core/exchange.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** How a response passed, besides what it says. */
export type Passage = Pick<HttpResponse, 'interim' | 'chunks' | 'frames'>

/** What is noted of a response while it passes. */
export interface PassageLog {
  interim(response: InterimResponse): void
  /** A piece of content is here that ends at so many bytes of the body. */
  chunk(endBytes: number, atMs: number): void
  /** Copies the payload; with the first frame past a limit, no more are kept. */
  frame(frame: Omit<WebSocketFrame, 'atMs'>, atMs: number): void
  /** From here on no frame is here to be kept. */
  framesLost(why: string): void
  /** Why frames are missing, as one sentence; undefined when none are. */
  missing(): string | undefined
  /** Everything so far; a part that says nothing is left out. */
  noted(headAtMs: number | undefined): Passage
}

/** Boundaries past this are not kept: the last piece then stands for all that follow. */
const MAX_CHUNKS = 65_536
/** More frames than this are not kept; empty ones cost memory too. */
const MAX_FRAMES = 262_144
/** Content that is here so soon after its head came with it. */
const TOGETHER_MS = 2

/** An upstream that says more before its answer says nothing more that is kept. */
const MAX_INTERIM = 64
/** What a piece, an interim response or a frame takes besides its bytes. */
const NOTE_BYTES = 64

/**
 * @param maxFrameBytes of the payloads of all frames are kept
 * @param budget counts what is kept, and may refuse more
 */
export function createPassageLog(maxFrameBytes: number, budget: Pick<MemoryBudget, 'take'>): PassageLog {
  const interim: InterimResponse[] = []
  const chunks: ContentChunk[] = []
  const frames: WebSocketFrame[] = []
  let frameBytes = 0
  let missing: string | undefined
  return {
    interim(response) {
      if (interim.length < MAX_INTERIM && budget.take(NOTE_BYTES)) interim.push(response)
    },
    chunk(endBytes, atMs) {
      if (chunks.length === MAX_CHUNKS) chunks.pop()
      else if (!budget.take(NOTE_BYTES)) return
      chunks.push({ endBytes, atMs })
    },
    frame(frame, atMs) {
      frameBytes += frame.payload.length
      if (frameBytes > maxFrameBytes) missing ??= `The frames come to more than ${maxFrameBytes} bytes`
      if (frames.length === MAX_FRAMES) missing ??= `The frames are more than ${MAX_FRAMES}`
      const kept = missing === undefined && budget.take(frame.payload.length + NOTE_BYTES)
      if (kept) frames.push({ ...frame, payload: new Uint8Array(frame.payload), atMs })
    },
    framesLost: (why) => void (missing ??= why),
    missing: () => missing,
    noted: (headAtMs = 0) => ({
      ...(interim.length > 0 ? { interim } : {}),
      ...(chunks.length > 1 || (chunks[0]?.atMs ?? 0) > headAtMs + TOGETHER_MS ? { chunks } : {}),
      ...(frames.length > 0 ? { frames } : {}),
    }),
  }
}
