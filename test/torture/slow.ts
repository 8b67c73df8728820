import { once } from 'node:events'
import { connect } from 'node:net'
import { resealServer } from '../demo/reseal-process.ts'
import { ask } from './client.ts'
import { echoTarget, serveUpstream } from './upstream.ts'

export interface SlowResult {
  readonly connections: number
  /** Until the last slow connection was cut. */
  readonly cutAfterMs: number
  /** Of ordinary requests, before and while the slow ones were there. */
  readonly p99Ms: readonly [before: number, meanwhile: number]
}

/**
 * Clients that send a head one byte a second, half of them, or content so, the other half.
 * @param watchMs how long ordinary requests are timed, before and then from the moment that all slow ones are connected
 */
export async function slowClients(
  directory: string,
  connections: number,
  timeout: string,
  watchMs: number,
): Promise<SlowResult> {
  const upstream = await serveUpstream(echoTarget)
  try {
    const recorder = await resealServer(
      ['record', 'slow', '--target', upstream.url, '--listen', '127.0.0.1:0', '--client-timeout', timeout],
      directory,
    )
    const url = recorder.urls[0] ?? ''
    await p99Of(url, watchMs / 4)
    const before = await p99Of(url, watchMs)
    const startedMs = performance.now()
    const slow = await Promise.all(
      Array.from({ length: connections }, (_, at) => slowClient(Number(new URL(url).port), at % 2 === 0)),
    )
    const meanwhile = await p99Of(url, watchMs)
    await Promise.all(slow.map(({ cut }) => cut))
    const cutAfterMs = performance.now() - startedMs
    await recorder.stop()
    return { connections, cutAfterMs, p99Ms: [before, meanwhile] }
  } finally {
    upstream.close()
  }
}

/** Connected, and sending slowly until it is cut. */
async function slowClient(port: number, inHead: boolean): Promise<{ readonly cut: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const head = 'POST /1 HTTP/1.1\r\nHost: slow\r\nContent-Length: 1000\r\n\r\n'
  socket.write(inHead ? head.slice(0, 20) : head)
  const drip = setInterval(() => socket.write('x'), 1000)
  socket.on('error', () => undefined)
  socket.resume()
  const cut = new Promise<void>((resolve) => {
    socket.once('close', () => {
      clearInterval(drip)
      resolve()
    })
  })
  return { cut }
}

async function p99Of(url: string, watchMs: number): Promise<number> {
  const tookMs: number[] = []
  const endMs = performance.now() + watchMs
  const client = async (): Promise<void> => {
    for (let at = 0; performance.now() < endMs; at += 1) {
      const startedMs = performance.now()
      await ask({ url: `${url}/${at}1` })
      tookMs.push(performance.now() - startedMs)
    }
  }
  await Promise.all(Array.from({ length: 4 }, client))
  return tookMs.toSorted((a, b) => a - b)[Math.floor(tookMs.length * 0.99)] ?? Number.NaN
}
