import type { Cut } from './upstream-failure.ts'

/**
 * How a response travels, where it should not simply be written: faults for tests of clients, and how a recorded one
 * passed. Everything left out is as usual. Bytes are those of the response's content, framing left out; 0 is before the head.
 */
export interface Delivery {
  /** Milliseconds that pass before the head. */
  readonly delayMs?: number
  /** Content leaves at this pace, more than 0; the head leaves at once. */
  readonly bytesPerSecond?: number
  /** The connection is reset after so many bytes, and in any case before the response would have ended. */
  readonly resetAfterBytes?: number
  /** Nothing more comes after so many bytes, and in any case not the response's end; the connection stays open. */
  readonly stallAfterBytes?: number
  /**
   * What comes after all of the content in the place of the response's end: a reset, a close that never looks like
   * the end, or nothing for as long as the client stays. A `Content-Length` that says more than is here stands.
   */
  readonly cut?: Cut | 'hold'
  /** Recorded waits are kept, so many times as fast: 1 as recorded. Left out, nothing waits. */
  readonly pace?: number
  /** When the head was here in the recording, in milliseconds since the request's head; counts with `pace` only. */
  readonly headAtMs?: number
  /** When the response's end was here; counts with `pace` only. */
  readonly endAtMs?: number
  /** The content ends with the connection (RFC 9112 §6.3), instead of with a length that is added. */
  readonly untilClose?: boolean
  /** The answer is an upstream's; nothing of this response is sent. */
  readonly relay?: Relay
}

/** An answer that comes from an upstream. */
export interface Relay {
  /** URL of the upstream. */
  readonly target: string
  /** What {@link Relay.answered} was told. */
  readonly status: Promise<number>
  /** To be called once, when the answer has passed or its client is gone: its status, 0 where the client got none. */
  readonly answered: (status: number) => void
}
