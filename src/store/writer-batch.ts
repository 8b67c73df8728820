import { isMarkedAsUntransferable } from 'node:worker_threads'
import { ResealError } from '../core/errors.ts'
import type { PairId } from '../core/pair.ts'
import type { WriterTask } from './writer-messages.ts'

/** A transaction takes in so much at most, so that the first of many pairs is not kept waiting for the last. */
const TASKS_AT_ONCE = 256
const BYTES_AT_ONCE = 8 * 1024 * 1024
/** Moving a buffer to another thread costs more than copying so few bytes. */
const MOVED_BYTES = 16 * 1024

/** How many of these tasks make the next transaction, and the buffers that move with them. */
export function tasksAtOnce(waiting: readonly { readonly task: WriterTask }[]): {
  readonly count: number
  readonly buffers: readonly ArrayBuffer[]
} {
  const buffers: ArrayBuffer[] = []
  let count = 0
  let bytes = 0
  for (const { task } of waiting) {
    if (count === TASKS_AT_ONCE || (count > 0 && bytes >= BYTES_AT_ONCE)) break
    for (const body of bodiesOf(task)) {
      bytes += body.length
      if (body.length >= MOVED_BYTES && body.buffer instanceof ArrayBuffer) buffers.push(body.buffer)
    }
    count += 1
  }
  return { count, buffers }
}

/** Buffers that have moved, or will with their batch: one moves once. */
export type GivenBuffers = WeakSet<ArrayBufferLike>

/**
 * The task with bodies that may be moved to another thread: small ones of Node share a pool, which must not move with
 * one of them. Shared memory stays where it is, for both threads to read.
 * @throws ResealError SNAPSHOT_WRITE for a body that was given away before
 */
export function withOwnBodies(task: WriterTask, given: GivenBuffers): WriterTask {
  if (task.kind === 'note') return task
  const { id, request } = task.pair
  const asked = ownBody(given, id, request.body)
  const response = task.kind === 'put' ? task.pair.response : undefined
  // Both messages may have the same bytes, and a buffer moves only once.
  const echoed = response !== undefined && moves(response.body) && response.body.buffer === asked.buffer
  const answered = response && ownBody(given, id, echoed ? new Uint8Array(response.body) : response.body)
  if (asked === request.body && answered === response?.body) return task
  const owned = { ...request, body: asked }
  if (task.kind === 'amend') return { kind: 'amend', pair: { ...task.pair, request: owned } }
  const answer = response && answered && { ...response, body: answered }
  return { kind: 'put', pair: { ...task.pair, request: owned, response: answer } }
}

function bodiesOf(task: WriterTask): readonly Uint8Array[] {
  if (task.kind === 'note') return []
  if (task.kind === 'amend') return [task.pair.request.body]
  const { request, response } = task.pair
  return response === undefined ? [request.body] : [request.body, response.body]
}

function moves({ length, buffer }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && (length >= MOVED_BYTES || buffer.detached)
}

function ownBody(given: GivenBuffers, id: PairId, body: Uint8Array): Uint8Array {
  if (!moves(body)) return body
  const { buffer } = body
  if (given.has(buffer)) {
    throw new ResealError('SNAPSHOT_WRITE', `pair ${id} cannot be stored: its body was given away before`)
  }
  const isWhole = body.byteLength === buffer.byteLength && !isMarkedAsUntransferable(buffer)
  const own = isWhole ? body : new Uint8Array(body)
  given.add(own.buffer)
  return own
}
