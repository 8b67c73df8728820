import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import type { RecordedGap, RRPair } from '../core/pair.ts'
import { openPairWriter, type PairWriter } from './pair-writer.ts'
import {
  failureNote,
  type PutResult,
  type Ticket,
  type WriterOrders,
  type WriterReply,
  type WriterRequest,
} from './writer-messages.ts'

/**
 * The thread that writes a snapshot: a transaction takes milliseconds on a busy disk, and must not hold up the
 * event loop that forwards requests. Started by `createSnapshot` and by nobody else.
 */

type Waiting = Extract<WriterRequest, { kind: 'put' | 'gap' }>

/** A transaction takes in what has arrived up to here, so that the first of many is not kept waiting for the last. */
const PAIRS_AT_ONCE = 256
const BYTES_AT_ONCE = 8 * 1024 * 1024

if (parentPort !== null) serve(parentPort, workerData)

function serve(port: MessagePort, orders: WriterOrders): void {
  const reply = (message: WriterReply): void => port.postMessage(message)
  let writer: PairWriter
  try {
    writer = openPairWriter(orders)
  } catch (error) {
    reply({ kind: 'refused', failure: failureNote(error, 'SNAPSHOT_WRITE') })
    return
  }
  port.on('message', (first: WriterRequest) => {
    const { waiting, closing } = whatHasArrived(first, port)
    if (waiting.length > 0) reply(commit(writer, waiting))
    if (!closing) return
    reply(close(writer))
    port.close()
  })
  reply({ kind: 'open', nextId: writer.nextId })
}

/** Everything that is at the port now: the busier the recorder, the larger its transactions. */
function whatHasArrived(
  first: WriterRequest,
  port: MessagePort,
): { readonly waiting: readonly Waiting[]; readonly closing: boolean } {
  const waiting: Waiting[] = []
  let bytes = 0
  let request: WriterRequest | undefined = first
  while (request !== undefined) {
    if (request.kind === 'close') return { waiting, closing: true }
    waiting.push(request)
    if (request.kind === 'put') bytes += bytesOf(request.pair)
    const full: boolean = waiting.length >= PAIRS_AT_ONCE || bytes >= BYTES_AT_ONCE
    request = full ? undefined : nextRequest(port)
  }
  return { waiting, closing: false }
}

function bytesOf({ request, response }: RRPair): number {
  return request.body.length + (response?.body.length ?? 0)
}

function nextRequest(port: MessagePort): WriterRequest | undefined {
  const received: { message: WriterRequest } | undefined = receiveMessageOnPort(port)
  return received?.message
}

function commit(writer: PairWriter, waiting: readonly Waiting[]): WriterReply {
  const puts = waiting.filter((request) => request.kind === 'put')
  const gaps = waiting.filter((request) => request.kind === 'gap')
  const outcomes = writer.commit(puts.map(({ pair }) => pair))
  return {
    kind: 'written',
    results: [
      ...puts.map(({ ticket }, index) => result(ticket, outcomes[index])),
      ...gaps.map(({ ticket, gap }) => result(ticket, noteFailure(writer, gap))),
    ],
  }
}

function noteFailure(writer: PairWriter, gap: RecordedGap): unknown {
  try {
    writer.note(gap)
    return undefined
  } catch (error) {
    return error
  }
}

function result(ticket: Ticket, error: unknown): PutResult {
  return error === undefined ? { ticket } : { ticket, failure: failureNote(error, 'SNAPSHOT_WRITE') }
}

function close(writer: PairWriter): WriterReply {
  try {
    writer.finish()
    return { kind: 'closed' }
  } catch (error) {
    return { kind: 'closed', failure: failureNote(error, 'SNAPSHOT_WRITE') }
  }
}
