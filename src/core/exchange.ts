import type { Delivery } from './delivery.ts'
import type { RawHeaders } from './headers.ts'

export type Scheme = 'http' | 'https'

/** What a request says before its body. */
export interface RequestHead {
  readonly scheme: Scheme
  /** Host and port as the client named them (RFC 9110 §7.2). */
  readonly authority: string
  readonly method: string
  /** The request target byte for byte (RFC 9112 §3.2), each character one byte. */
  readonly target: string
  /** `1.0`, `1.1`, `2`. */
  readonly httpVersion: string
  readonly headers: RawHeaders
}

export interface HttpRequest extends RequestHead {
  /** The content exactly as on the wire, content codings included, transfer coding removed. */
  readonly body: Uint8Array
  readonly trailers: RawHeaders
}

/** What a response says before its body. */
export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly httpVersion: string
  readonly headers: RawHeaders
}

export interface HttpResponse extends ResponseHead {
  readonly body: Uint8Array
  readonly trailers: RawHeaders
  /** How the response is to travel; never recorded. */
  readonly delivery?: Delivery
}

/** A whole server as one function; one that has its answer at hand gives it without a promise. */
export type Handler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>

/** How an exchange ended. */
export type Outcome = 'complete' | 'client aborted' | 'upstream aborted' | 'upstream error'

/**
 * Somebody who watches one exchange pass through a proxy. Chunks belong to the watcher only during the call.
 */
export interface ExchangeTap {
  requestData(chunk: Uint8Array): void
  requestEnd(trailers: RawHeaders): void
  responseHead(head: ResponseHead): void
  responseData(chunk: Uint8Array): void
  /**
   * The upstream's response is whole. The proxy holds back the response's last byte until the promise settles;
   * undefined lets it go at once.
   */
  responseEnd(trailers: RawHeaders): Promise<void> | undefined
  /** The exchange ended in another way than a whole response; nothing follows. */
  failed(outcome: Exclude<Outcome, 'complete'>, error: string): void
}
