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
  /** Stands for the client's connection, by identity alone; never recorded. */
  readonly connection?: object
}

/** What a response says before its body. */
export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly httpVersion: string
  readonly headers: RawHeaders
}

/** A 1xx response that came before the final one (RFC 9110 §15.2). */
export interface InterimResponse {
  readonly status: number
  readonly reason: string
  readonly headers: RawHeaders
  /** Since the request's head had arrived. */
  readonly atMs: number
}

/** A piece of content as it came off the wire: where it ends in the body, and when it was here. */
export interface ContentChunk {
  /** Bytes of the body up to the end of this piece; more than those of the piece before. */
  readonly endBytes: number
  /** Since the request's head had arrived, in whole microseconds. */
  readonly atMs: number
}

/** A frame of a WebSocket (RFC 6455 §5.2), unmasked, and inflated where permessage-deflate had been agreed on. */
export interface WebSocketFrame {
  readonly from: 'client' | 'server'
  readonly fin: boolean
  /** 0 to 15: 1 is text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number
  readonly payload: Uint8Array
  /** Since the request's head had arrived. */
  readonly atMs: number
}

/** A place for what a server makes ready of a response that is sent again and again. */
export interface ResponseMemo {
  ready?: unknown
}

export interface HttpResponse extends ResponseHead {
  readonly body: Uint8Array
  readonly trailers: RawHeaders
  /** What came before it; left out when nothing did. */
  readonly interim?: readonly InterimResponse[]
  /** The pieces the body came in; left out when it was one piece together with the head. */
  readonly chunks?: readonly ContentChunk[]
  /** What was said on the connection after a 101 that made it a WebSocket. */
  readonly frames?: readonly WebSocketFrame[]
  /** Given by whoever will give this response again; never recorded. */
  readonly memo?: ResponseMemo
  /** Given by whoever gives other responses with the same header fields, one for all of them; never recorded. */
  readonly headMemo?: ResponseMemo
  /** How the response is to travel; never recorded. */
  readonly delivery?: Delivery
  /** Content that follows the body as it comes to be; never recorded. */
  readonly stream?: ContentStream
}

/** Gives content piece by piece, each when the one before has left, until the signal says that the client has gone. */
export type ContentStream = (gone: AbortSignal) => AsyncIterable<Uint8Array>

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
  /** A 1xx response came, 101 excepted. */
  interim(head: ResponseHead): void
  responseHead(head: ResponseHead): void
  responseData(chunk: Uint8Array): void
  /** A frame passed, after a response head of 101 that made the connection a WebSocket. */
  frame(frame: Omit<WebSocketFrame, 'atMs'>): void
  /** From here on no frame is told, though the connection goes on: they cannot be read, or are too many. One sentence. */
  framesLost(why: string): void
  /**
   * The upstream's response is whole. The proxy holds back the response's last byte until the promise settles;
   * undefined lets it go at once.
   */
  responseEnd(trailers: RawHeaders): Promise<void> | undefined
  /**
   * The exchange ended in another way than a whole response; nothing follows. Where the proxy answers in the upstream's
   * place, its answer waits for the promise, if there is one.
   */
  failed(outcome: Exclude<Outcome, 'complete'>, error: string): Promise<void> | undefined
}
