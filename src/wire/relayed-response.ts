import type { IncomingMessage, ServerResponse } from 'node:http'
import { rawHeadersFromFlat, type RawHeaders } from '../core/headers.ts'
import type { Cut } from '../core/upstream-failure.ts'
import { breakOff } from './broken-off.ts'
import { isBodiless, prepareHead } from './prepared-head.ts'
import { addTrailers } from './trailers.ts'

/** Told of a relayed response while it passes. */
export interface RelayWatch {
  data(chunk: Uint8Array): void
  /** The upstream's response is whole; the client's last byte waits for the promise, if there is one. */
  end(trailers: RawHeaders): Promise<void> | undefined
  /** The upstream broke off. */
  aborted(error: unknown): void
  /** Fields added to the response's. */
  readonly marks: RawHeaders | undefined
}

/**
 * Sends an upstream's response on while it comes: head and content byte for byte, each piece as soon as it is here
 * and no faster than the client takes it. Only the last byte waits for {@link RelayWatch.end}: where a length tells
 * which one it is, with the chunk it is in, and with the head where that chunk is all there is; else as the end of the
 * chunked coding; without content, with the head.
 * @returns how to end it in the middle
 * @throws an error of node:http when the head cannot be written
 */
export function relayResponse(
  upstream: IncomingMessage,
  response: ServerResponse,
  watch: RelayWatch,
): (cut: Cut) => void {
  const { bodiless, length, chunked } = writeHead(upstream, response, watch.marks ?? [])
  let received = 0
  let begun = false
  let last: Buffer | undefined

  upstream.on('data', (chunk: Buffer) => {
    watch.data(chunk)
    received += chunk.length
    if (received === length) {
      last = chunk
      return
    }
    begun = true
    if (!response.write(chunk)) upstream.pause()
  })
  response.on('drain', () => upstream.resume())
  upstream.once('end', () => {
    const trailers = rawHeadersFromFlat(upstream.rawTrailers)
    const finish = (): void => {
      if (chunked) addTrailers(response, trailers)
      response.end(last)
    }
    const committed = watch.end(trailers)
    if (committed === undefined) finish()
    else committed.then(finish, finish)
  })
  upstream.once('error', (error) => watch.aborted(error))
  // Content that came with the head has been seen by then, and leaves together with it.
  const flushHead = (): void => {
    // Content that is whole already leaves with its head as well, once it may.
    if (!bodiless && !begun && last === undefined && !response.writableEnded && !response.destroyed)
      response.flushHeaders()
  }
  setImmediate(flushHead)
  return (cut) => {
    flushHead()
    breakOff(response, cut, !chunked && length === undefined)
  }
}

interface Framing {
  readonly bodiless: boolean
  /** Bytes of content to come, where the head says so. */
  readonly length: number | undefined
  /** Sent in the chunked coding with the upstream's own framing fields, so that trailers may follow. */
  readonly chunked: boolean
}

function writeHead(upstream: IncomingMessage, response: ServerResponse, marks: RawHeaders): Framing {
  const { statusCode: status = 0, statusMessage: reason = '' } = upstream
  const { method, httpVersion } = response.req
  const head = prepareHead([...rawHeadersFromFlat(upstream.rawHeaders), ...marks])
  const bodiless = method === 'HEAD' || isBodiless(status)
  const chunked = head.chunked && httpVersion !== '1.0' && !isBodiless(status)
  response.sendDate = false
  // Neither a length nor the chunked coding: the content ends with the connection, as the upstream's does.
  if (!bodiless && !head.chunked && head.lengthAt === -1) response.useChunkedEncodingByDefault = false
  // Node does not change the array; its type does not say so.
  response.writeHead(status, reason, [...(chunked ? head.framed : head.plain)])
  const length =
    bodiless || head.chunked || head.lengthAt === -1 ? undefined : Number(head.plain[head.lengthAt])
  return { bodiless, length, chunked }
}
