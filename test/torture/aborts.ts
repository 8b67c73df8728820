import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { resealServer } from '../demo/reseal-process.ts'
import { serveUpstream } from './upstream.ts'
import { readdirSync } from 'node:fs'

export interface AbortResult {
  readonly aborted: number
  /** Pairs with the outcome `client aborted`. */
  readonly marked: number
  /** The longest that an upstream exchange outlived its client. */
  readonly releasedMs: number
  /** Descriptors of the recorder before and after. */
  readonly handles: readonly [before: number, after: number]
}

/** Clients that leave in the middle of an answer. */
export async function abortRequests(directory: string, requests: number): Promise<AbortResult> {
  let releasedMs = 0
  let released = 0
  const leftAtMs = new Map<string, number>()
  const allReleased = Promise.withResolvers<void>()
  const upstream = await serveUpstream((request, response) => {
    response.write('the beginning of an answer')
    response.once('close', () => {
      releasedMs = Math.max(releasedMs, performance.now() - (leftAtMs.get(request.url ?? '') ?? 0))
      released += 1
      if (released === requests) allReleased.resolve()
    })
  })
  try {
    const recorder = await resealServer(
      ['record', 'aborted', '--target', upstream.url, '--listen', '127.0.0.1:0'],
      directory,
    )
    const before = handlesOf(recorder.pid)
    await Promise.all(
      Array.from({ length: requests }, async (_, at) => {
        const target = `/${at}`
        const { promise, resolve } = Promise.withResolvers<void>()
        const request = httpRequest((recorder.urls[0] ?? '') + target, { agent: false }, (response) => {
          response.once('data', () => {
            leftAtMs.set(target, performance.now())
            request.destroy()
            resolve()
          })
          response.on('error', () => undefined)
        })
        request.on('error', () => undefined)
        request.end()
        await promise
      }),
    )
    await allReleased.promise
    const after = await settledHandlesOf(recorder.pid, before)
    await recorder.stop()
    const reader = openSnapshot(join(directory, 'snapshots', 'aborted.db'))
    const marked = [...reader.heads()].filter(({ outcome }) => outcome === 'client aborted').length
    reader.close()
    return { aborted: requests, marked, releasedMs, handles: [before, after] }
  } finally {
    upstream.close()
  }
}

/** Once they are as few as before, or after ten seconds. */
async function settledHandlesOf(pid: number, before: number): Promise<number> {
  const endMs = performance.now() + 10_000
  while (handlesOf(pid) > before && performance.now() < endMs) await wait(50)
  return handlesOf(pid)
}

function handlesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
