import type { ResponseHead } from '../../core/exchange.ts'
import type { RawHeaders } from '../../core/headers.ts'

/** A request to an upstream, whatever it speaks. */
export interface Outgoing {
  /** False while it takes no more; `drained` is told when it does again. */
  write(chunk: Uint8Array): boolean
  end(trailers: RawHeaders): void
  /** The client takes content again. */
  resume(): void
  /** Gives the request up; nothing more is told. */
  destroy(): void
}

/** Told of an upstream's answer; `end` or `failed` comes last, and once. */
export interface AnswerWatch {
  interim(head: ResponseHead): void
  /** @param last neither content nor trailers follow */
  head(head: ResponseHead, last: boolean): void
  /** False holds the upstream back. */
  data(chunk: Uint8Array): boolean
  end(trailers: RawHeaders): void
  /** @param resetCode of the upstream's RST_STREAM, where that is what it was (RFC 9113 §7) */
  failed(error: Error, resetCode?: number): void
  /** The upstream takes content again. */
  drained(): void
}
