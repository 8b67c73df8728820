import { isMarkedAsUntransferable, type Worker } from 'node:worker_threads'
import { ResealError, errorMessage } from '../core/errors.ts'
import type { PairId, RecordedGap, RRPair } from '../core/pair.ts'
import {
  failureOf,
  type PutResult,
  type Ticket,
  type WriterReply,
  type WriterRequest,
} from './writer-messages.ts'

/** The writer's thread as promises; whatever ends it, nobody waits for it for ever. */
export interface WriterThread {
  readonly opened: Promise<PairId>
  readonly closed: Promise<void>
  put(pair: RRPair): Promise<void>
  note(gap: RecordedGap): Promise<void>
  close(): void
}

interface Waiters {
  readonly opened: PromiseWithResolvers<PairId>
  readonly closed: PromiseWithResolvers<void>
  readonly puts: Map<Ticket, PromiseWithResolvers<void>>
}

/** @param name of the snapshot, for errors */
export function watchThread(worker: Worker, name: string): WriterThread {
  const waiters: Waiters = {
    opened: Promise.withResolvers(),
    closed: Promise.withResolvers(),
    puts: new Map(),
  }
  let lastTicket: Ticket = 0
  let ended: ResealError | undefined
  settleReplies(worker, waiters, (why) => {
    ended ??= new ResealError('SNAPSHOT_WRITE', `the thread that writes ${name} ended: ${why}`)
    return ended
  })
  // A recorder may never close, and hears of a dead thread by its next put.
  waiters.closed.promise.catch(() => undefined)
  const asked = (
    request: (ticket: Ticket) => WriterRequest,
    buffers: readonly ArrayBuffer[] = [],
  ): Promise<void> => {
    lastTicket += 1
    worker.postMessage(request(lastTicket), [...buffers])
    const committed = Promise.withResolvers<void>()
    waiters.puts.set(lastTicket, committed)
    return committed.promise
  }

  return {
    opened: waiters.opened.promise,
    closed: waiters.closed.promise,
    put: (pair) => {
      if (ended !== undefined) throw ended
      const { owned, buffers } = withOwnBodies(pair)
      return asked((ticket) => ({ kind: 'put', ticket, pair: owned }), buffers)
    },
    note: (gap) => {
      if (ended !== undefined) throw ended
      return asked((ticket) => ({ kind: 'gap', ticket, gap }))
    },
    close: () => worker.postMessage({ kind: 'close' } satisfies WriterRequest),
  }
}

function settleReplies(worker: Worker, waiters: Waiters, endedBy: (why: string) => ResealError): void {
  const { opened, closed, puts } = waiters
  let closing: Extract<WriterReply, { kind: 'closed' }> | undefined
  worker.on('message', (reply: WriterReply) => {
    if (reply.kind === 'open') opened.resolve(reply.nextId)
    if (reply.kind === 'refused') opened.reject(failureOf(reply.failure))
    if (reply.kind === 'written') settlePuts(puts, reply.results)
    if (reply.kind === 'closed') closing = reply
  })
  worker.on('error', (error) => endedBy(errorMessage(error)))
  worker.on('exit', () => {
    if (closing?.failure !== undefined) closed.reject(failureOf(closing.failure))
    else if (closing !== undefined) closed.resolve()
    // Whoever still waits hears of the end; a promise that is settled already stays as it is.
    const ended = endedBy('it was stopped')
    for (const waiter of [opened, closed, ...puts.values()]) waiter.reject(ended)
    puts.clear()
  })
}

function settlePuts(puts: Map<Ticket, PromiseWithResolvers<void>>, results: readonly PutResult[]): void {
  for (const { ticket, failure } of results) {
    const put = puts.get(ticket)
    puts.delete(ticket)
    if (failure === undefined) put?.resolve()
    else put?.reject(failureOf(failure))
  }
}

/** The pair with bodies that can be moved to another thread, and their buffers. */
function withOwnBodies(pair: RRPair): { readonly owned: RRPair; readonly buffers: readonly ArrayBuffer[] } {
  const request = ownBody(pair.id, pair.request.body)
  // Both messages may have the same bytes, and a buffer moves only once.
  const echoed = pair.response?.body.buffer === pair.request.body.buffer
  const answer = pair.response?.body ?? new Uint8Array()
  const response = echoed ? new Uint8Array(answer) : ownBody(pair.id, answer)
  return {
    owned: {
      ...pair,
      request: { ...pair.request, body: request },
      response: pair.response && { ...pair.response, body: response },
    },
    buffers: [request.buffer, response.buffer],
  }
}

/** The bytes in a buffer of their own: small ones of Node share a pool, which must not move with one of them. */
function ownBody(id: PairId, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = body
  if (!(buffer instanceof ArrayBuffer)) return new Uint8Array(body)
  if (buffer.detached) {
    throw new ResealError('SNAPSHOT_WRITE', `pair ${id} cannot be stored: its body was given away before`)
  }
  const whole = body.byteLength === buffer.byteLength && !isMarkedAsUntransferable(buffer)
  return whole ? new Uint8Array(buffer) : new Uint8Array(body)
}
