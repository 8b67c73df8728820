/**
 * How a response travels, where it should not simply be written: faults for tests of clients. Everything left out is
 * as usual. Bytes are those of the response's content, framing left out; 0 is before the head.
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
}
