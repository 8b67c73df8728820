import type { Worker } from 'node:worker_threads'
import { ResealError, errorMessage } from '../core/errors.ts'
import type { PairId } from '../core/pair.ts'
import { tasksAtOnce, withOwnBodies, type GivenBuffers } from './writer-batch.ts'
import { failureOf, type WriterReply, type WriterRequest, type WriterTask } from './writer-messages.ts'

/** The writer's thread as promises; whatever ends it, nobody waits for it for ever. */
export interface WriterThread {
  readonly opened: Promise<PairId>
  readonly closed: Promise<void>
  /** Resolves when the task is committed. */
  write(task: WriterTask): Promise<void>
  /** Closes the snapshot once everything before is written. */
  close(): void
}

/** A task and whoever waits for it. */
interface Waiting extends PromiseWithResolvers<void> {
  readonly task: WriterTask
}

/**
 * Group commit: while the thread commits, tasks gather here, and all of them are its next transaction. So a busy
 * recorder pays for one message, one commit and one answer for many pairs, and an idle one waits for nobody.
 * @param name of the snapshot, for errors
 * @param gatherMs how long pairs may wait for others to share a transaction with
 */
export function watchThread(worker: Worker, name: string, gatherMs: number): WriterThread {
  const opened = Promise.withResolvers<PairId>()
  const closed = Promise.withResolvers<void>()
  // A recorder may never close, and hears of a dead thread by its next task.
  closed.promise.catch(() => undefined)
  const given: GivenBuffers = new WeakSet()
  let gathered: Waiting[] = []
  let committing: readonly Waiting[] = []
  let sending = false
  let lastCount = 0
  let closing = false
  let ended: ResealError | undefined

  const post = (request: WriterRequest, moved: readonly ArrayBuffer[] = []): void =>
    worker.postMessage(request, [...moved])
  const send = (): void => {
    sending = false
    if (committing.length > 0 || ended !== undefined) return
    if (gathered.length === 0) {
      if (closing) post({ kind: 'close' })
      return
    }
    const { count, buffers } = tasksAtOnce(gathered)
    lastCount = count
    committing = gathered.slice(0, count)
    gathered = gathered.slice(count)
    post({ kind: 'write', tasks: committing.map(({ task }) => task) }, buffers)
  }
  const sendSoon = (): void => {
    if (sending || committing.length > 0) return
    sending = true
    // Where several came together last time, several more are on their way; one alone is not kept waiting.
    if (lastCount > 1 && !closing) setTimeout(send, gatherMs)
    else setImmediate(send)
  }
  const written = ({ failures }: Extract<WriterReply, { kind: 'written' }>): void => {
    const done = committing
    committing = []
    if (gathered.length > 0 || closing) sendSoon()
    for (const { index, failure } of failures) done[index]?.reject(failureOf(failure))
    // What is rejected already stays so.
    for (const waiting of done) waiting.resolve()
  }
  const end = (why: string): ResealError => {
    ended ??= new ResealError('SNAPSHOT_WRITE', `the thread that writes ${name} ended: ${why}`)
    return ended
  }

  let farewell: Extract<WriterReply, { kind: 'closed' }> | undefined
  worker.on('message', (reply: WriterReply) => {
    if (reply.kind === 'open') opened.resolve(reply.nextId)
    if (reply.kind === 'refused') opened.reject(failureOf(reply.failure))
    if (reply.kind === 'written') written(reply)
    if (reply.kind === 'closed') farewell = reply
  })
  worker.on('error', (error) => end(errorMessage(error)))
  worker.on('exit', () => {
    if (farewell?.failure !== undefined) closed.reject(failureOf(farewell.failure))
    else if (farewell !== undefined) closed.resolve()
    // Whoever still waits hears of the end; a promise that is settled already stays as it is.
    const reason = end('it was stopped')
    for (const waiting of [opened, closed, ...committing, ...gathered]) waiting.reject(reason)
    gathered = []
  })

  return {
    opened: opened.promise,
    closed: closed.promise,
    write(task) {
      if (ended !== undefined) throw ended
      const waiting = { task: withOwnBodies(task, given), ...Promise.withResolvers<void>() }
      gathered.push(waiting)
      sendSoon()
      return waiting.promise
    },
    close() {
      closing = true
      sendSoon()
    },
  }
}
