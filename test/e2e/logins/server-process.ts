import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** How long ago the logins happened: far longer than any token of them lives. */
export const AGE_MS = 200 * 86_400_000

/** The environment of a process that lives that long ago, and all processes it starts. */
export const LONG_AGO = {
  ...process.env,
  NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${pathToFileURL(join(import.meta.dirname, 'long-ago.ts')).href}`,
  RESEAL_TEST_AGE_MS: String(AGE_MS),
}

/** A server of a process of its own, so that its clock can be another one. */
export interface ServerProcess {
  readonly origin: string
  stop(): Promise<void>
}

/** Starts a script of this directory that calls `serveParent`, long ago. */
export async function startLongAgo(script: string): Promise<ServerProcess> {
  const child = fork(join(import.meta.dirname, script), { env: LONG_AGO, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const [origin] = await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`${script} ended with ${code}`))),
  ])
  return {
    origin: String(origin),
    stop: async () => {
      child.disconnect()
      await ended
    },
  }
}

/** Serves on a free port of loopback until the process that started this one lets go. @param listenerFor makes the listener once the origin is known */
export function serveParent(listenerFor: (origin: string) => RequestListener): void {
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port was bound')
    const origin = `http://127.0.0.1:${address.port}`
    server.on('request', listenerFor(origin))
    process.send?.(origin)
  })
  process.once('disconnect', () => process.exit(0))
}
