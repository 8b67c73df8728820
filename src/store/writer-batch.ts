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
 * one of them.
 * @throws ResealError SNAPSHOT_WRITE for a body that was given away before
 */
export function withOwnBodies(task: WriterTask, given: GivenBuffers): WriterTask {
  if (task.kind === 'note') return task
  const { pair } = task
  const request = { ...pair.request, body: ownBody(given, pair.id, pair.request.body) }
  if (task.kind === 'amend') return { kind: 'amend', pair: { ...pair, request } }
  const { response } = task.pair
  if (response === undefined) return { kind: 'put', pair: { ...task.pair, request } }
  // Both messages may have the same bytes, and a buffer moves only once.
  const echoed = response.body.buffer === request.body.buffer
  const body = ownBody(given, pair.id, echoed ? new Uint8Array(response.body) : response.body)
  return { kind: 'put', pair: { ...task.pair, request, response: { ...response, body } } }
}

function bodiesOf(task: WriterTask): readonly Uint8Array[] {
  if (task.kind === 'note') return []
  if (task.kind === 'amend') return [task.pair.request.body]
  const { request, response } = task.pair
  return response === undefined ? [request.body] : [request.body, response.body]
}

function ownBody(given: GivenBuffers, id: PairId, body: Uint8Array): Uint8Array {
  const { buffer } = body
  if (body.length < MOVED_BYTES && !(buffer instanceof ArrayBuffer && buffer.detached)) return body
  if (given.has(buffer)) {
    throw new ResealError('SNAPSHOT_WRITE', `pair ${id} cannot be stored: its body was given away before`)
  }
  const moves = body.byteLength === buffer.byteLength && !isMarkedAsUntransferable(buffer)
  const own = moves ? body : new Uint8Array(body)
  given.add(own.buffer)
  return own
}
