import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import type { PairIndexer } from './asked-log.ts'
import { openPairWriter, type PairWriter } from './pair-writer.ts'
import {
  failureNote,
  type IndexerModule,
  type WriterOrders,
  type WriterReply,
  type WriterRequest,
} from './writer-messages.ts'

/**
 * The thread that writes a snapshot: a transaction takes milliseconds on a busy disk, and must not hold up the
 * event loop that forwards requests. Started by `createSnapshot` and by nobody else.
 */
if (parentPort !== null) await serve(parentPort, workerData)

async function serve(port: MessagePort, orders: WriterOrders): Promise<void> {
  const reply = (message: WriterReply): void => port.postMessage(message)
  let writer: PairWriter
  try {
    writer = openPairWriter(orders, await loadIndexer(orders.indexer))
  } catch (error) {
    reply({ kind: 'refused', failure: failureNote(error, 'SNAPSHOT_WRITE') })
    return
  }
  port.on('message', (request: WriterRequest) => {
    if (request.kind === 'write') {
      const failures = writer.commit(request.tasks).map(({ index, error }) => ({
        index,
        failure: failureNote(error, 'SNAPSHOT_WRITE'),
      }))
      reply({ kind: 'written', failures })
      return
    }
    reply(close(writer))
    port.close()
  })
  reply({ kind: 'open', nextId: writer.nextId })
}

async function loadIndexer(module: IndexerModule | undefined): Promise<PairIndexer | undefined> {
  if (module === undefined) return undefined
  const { openIndexer }: { readonly openIndexer: (options: unknown) => PairIndexer } = await import(
    module.url
  )
  return openIndexer(module.options)
}

function close(writer: PairWriter): WriterReply {
  try {
    writer.finish()
    return { kind: 'closed' }
  } catch (error) {
    return { kind: 'closed', failure: failureNote(error, 'SNAPSHOT_WRITE') }
  }
}
