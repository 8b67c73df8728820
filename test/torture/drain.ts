import * as http from 'node:http'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { resealServer } from '../demo/reseal-process.ts'
import { ask } from './client.ts'
import { serveUpstream } from './upstream.ts'

export interface DrainResult {
  /** Exchanges under way that became whole for their clients after SIGTERM. */
  readonly whole: number
  readonly pairs: number
  /** What a new connection got after SIGTERM. */
  readonly refusal: string
  readonly exitCode: number | null
  readonly tookMs: number
}

/** Asks a recorder to end while so many exchanges are under way, and lets the backend answer only then. */
export async function drainInFlight(directory: string, exchanges: number): Promise<DrainResult> {
  const held: ServerResponse[] = []
  const allHeld = Promise.withResolvers<void>()
  const upstream = await serveUpstream((request, response) => {
    request.resume().once('end', () => {
      held.push(response)
      if (held.length === exchanges) allHeld.resolve()
    })
  })
  try {
    const recorder = await resealServer(
      ['record', 'drained', '--target', upstream.url, '--listen', '127.0.0.1:0'],
      directory,
    )
    const url = recorder.urls[0] ?? ''
    const agent = new http.Agent({ keepAlive: true })
    const asking = Array.from({ length: exchanges }, (_, at) =>
      ask({
        url: `${url}/${at}`,
        agent,
        ...(at % 2 === 0 ? {} : { method: 'POST', body: `content of ${at}` }),
      }),
    )
    await allHeld.promise
    const askedAtMs = performance.now()
    const ended = recorder.stop()
    const refusal = await refusalOf(url)
    for (const [at, response] of held.entries()) response.end(`answer ${at}`)
    const answers = await Promise.allSettled(asking)
    const { code } = await ended
    agent.destroy()
    return {
      whole: answers.filter(({ status }) => status === 'fulfilled').length,
      pairs: verifySnapshot(join(directory, 'snapshots', 'drained.db')).pairs,
      refusal,
      exitCode: code,
      tookMs: performance.now() - askedAtMs,
    }
  } finally {
    upstream.close()
  }
}

/** Tries until the signal has arrived. */
async function refusalOf(url: string): Promise<string> {
  for (;;) {
    const refusal = await new Promise<string | undefined>((resolve) => {
      const probe = http.get(`${url}/probe`, { agent: false })
      // A connection that was accepted before the signal is held by the backend, like all others: it is given up.
      const late = setTimeout(() => probe.destroy(), 200)
      probe.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(late)
        resolve(error.code === 'ECONNREFUSED' ? error.code : undefined)
      })
    })
    if (refusal !== undefined) return refusal
  }
}
