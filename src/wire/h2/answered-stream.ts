import { once } from 'node:events'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { setTimeout as wait } from 'node:timers/promises'
import type { ContentStream, HttpRequest, HttpResponse } from '../../core/exchange.ts'
import { rawHeadersFromFlat, replaceHeader, type RawHeaders } from '../../core/headers.ts'
import { drip, sendPieces, timeline } from '../delivered-response.ts'
import { isBodiless } from '../prepared-head.ts'
import { preparedResponse } from '../prepared-response.ts'
import { answerStreamError, respond } from './stream-answer.ts'
import { fieldObject, readH2Request } from './h2-head.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)

/**
 * Reads the whole request of a stream; more content than `maxBytes` is a 413. A client that resets the stream before is
 * forgotten.
 */
export function readStream(
  stream: ServerHttp2Stream,
  raw: readonly string[],
  maxBytes: number,
  done: (request: HttpRequest) => void,
): void {
  const head = {
    ...readH2Request(raw),
    ...(stream.session === undefined ? {} : { connection: stream.session }),
  }
  // Told by `close`, which follows.
  stream.on('error', () => {})
  if (stream.endAfterHeaders) {
    stream.resume()
    done({ ...head, body: NO_BYTES, trailers: [] })
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  let trailers: RawHeaders = []
  stream.on('trailers', (_: unknown, __: unknown, fields: readonly string[]) => {
    trailers = rawHeadersFromFlat(fields)
  })
  stream.on('data', (chunk: Buffer) => {
    if (bytes > maxBytes) return
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    else {
      chunks.length = 0
      const message = `The request has more than ${maxBytes} bytes of content`
      answerStreamError(stream, { status: 413, code: 'USAGE', message })
    }
  })
  stream.once('end', () => {
    if (bytes <= maxBytes && !stream.destroyed)
      done({ ...head, body: Buffer.concat(chunks, bytes), trailers })
  })
}

/** Writes whole responses to streams, each as it is to travel; it is over when the client is gone. */
export function streamWriter(): (
  whole: HttpResponse,
  method: string,
  stream: ServerHttp2Stream,
) => Promise<void> {
  return async (whole, method, stream) => {
    if (stream.destroyed || stream.closed) return
    if (whole.status === 101) {
      answerStreamError(stream, {
        status: 426,
        code: 'USAGE',
        message: 'What was recorded for this request is a WebSocket',
        hint: 'Ask for it with Upgrade: websocket, over HTTP/1.1.',
      })
      return
    }
    const gone = new AbortController()
    const leave = (): void => gone.abort()
    stream.once('close', leave)
    try {
      await travel(stream, whole, method, gone.signal)
    } catch (error) {
      // Whatever fails once the client has gone fails because of that.
      if (!gone.signal.aborted) throw error
    } finally {
      stream.off('close', leave)
    }
  }
}

async function travel(
  stream: ServerHttp2Stream,
  whole: HttpResponse,
  method: string,
  signal: AbortSignal,
): Promise<void> {
  const { delivery = {}, interim = [], status, trailers } = whole
  const { delayMs = 0, resetAfterBytes = Infinity, stallAfterBytes = Infinity, cut, pace } = delivery
  const until = timeline(pace, signal)
  if (delayMs > 0) await wait(delayMs, undefined, { signal })
  for (const one of interim) {
    await until(one.atMs)
    stream.additionalHeaders({ ':status': one.status, ...fieldObject(one.headers) })
  }
  await until(delivery.headAtMs ?? 0)
  const lastByte = Math.min(resetAfterBytes, stallAfterBytes)
  const isWhole = lastByte === Infinity && cut === undefined
  const bodiless = method === 'HEAD' || isBodiless(status)
  const headers = bodiless
    ? whole.headers
    : replaceHeader(whole.headers, 'content-length', String(whole.body.length))
  // A response of gRPC that is all trailers is one frame: its head, which is the end as well.
  const onlyHead =
    isWhole && whole.stream === undefined && (bodiless || (whole.body.length === 0 && trailers.length === 0))
  if (lastByte > 0) {
    respond(stream, { status, headers }, onlyHead ? undefined : () => trailers)
    if (onlyHead) return
    const content = (bodiless ? NO_BYTES : whole.body).subarray(0, lastByte)
    const { pieces } = preparedResponse(whole)
    if (delivery.bytesPerSecond !== undefined) await drip(stream, content, delivery.bytesPerSecond, signal)
    else if (pieces !== undefined) await sendPieces(stream, content, pieces, until)
    else if (content.length > 0) stream.write(content)
    if (whole.stream !== undefined) await sendStream(stream, whole.stream, signal)
    if (isWhole) {
      await until(delivery.endAtMs ?? 0)
      stream.end()
      return
    }
  }
  if (cut === 'hold' || stallAfterBytes < resetAfterBytes) return
  // What was written leaves before the reset.
  stream.write(NO_BYTES, () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
}

/** Each piece is asked for when the one before has room. */
async function sendStream(
  stream: ServerHttp2Stream,
  content: ContentStream,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of content(signal)) {
    if (!stream.write(piece)) await once(stream, 'drain', { signal })
  }
}
