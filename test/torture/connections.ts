import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { resealServer } from '../demo/reseal-process.ts'
import { memoryMb } from './large.ts'
import { answerTo, echoTarget, serveUpstream } from './upstream.ts'

export interface ConnectionsResult {
  readonly connections: number
  readonly answered: number
  /** Memory of the recorder for each connection that is open. */
  readonly kbEach: number
}

/** Opens so many connections, keeps them all open, and asks once on each, some hundred at a time. */
export async function keepConnections(directory: string, connections: number): Promise<ConnectionsResult> {
  const upstream = await serveUpstream(echoTarget)
  const sockets: Socket[] = []
  try {
    const recorder = await resealServer(
      [
        'record',
        'connections',
        '--target',
        upstream.url,
        '--listen',
        '127.0.0.1:0',
        '--client-timeout',
        '5m',
      ],
      directory,
    )
    const port = Number(new URL(recorder.urls[0] ?? '').port)
    let answered = 0
    // What the first exchanges bring into memory is not the connections'.
    for (let at = 0; at < 300; at += 1) answered += Number(await askOn(await open(port, sockets), at))
    const before = memoryMb(recorder.pid, 'VmRSS')
    while (sockets.length < connections) {
      const some = Math.min(200, connections - sockets.length)
      const first = sockets.length
      const asked = Array.from({ length: some }, async (_, at) =>
        askOn(await open(port, sockets), first + at),
      )
      for (const right of await Promise.all(asked)) answered += Number(right)
    }
    const after = memoryMb(recorder.pid, 'VmRSS')
    const alive = sockets.filter((socket) => socket.readyState === 'open').length
    for (const socket of sockets) socket.destroy()
    await recorder.stop()
    const kbEach = ((after - before) * 1024) / (connections - 300)
    return { connections: alive, answered, kbEach }
  } finally {
    for (const socket of sockets) socket.destroy()
    upstream.close()
  }
}

async function open(port: number, sockets: Socket[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Whether the answer was the right one. */
async function askOn(socket: Socket, number: number): Promise<boolean> {
  const target = `/${number * 10 + 1}`
  socket.write(`GET ${target} HTTP/1.1\r\nHost: torture\r\n\r\n`)
  const wanted = answerTo(target)
  let got = ''
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const listen = (chunk: Buffer): void => {
    got += chunk.toString('latin1')
    if (!got.endsWith(wanted)) return
    socket.off('data', listen)
    resolve(got.startsWith('HTTP/1.1 200 '))
  }
  socket.on('data', listen)
  socket.once('close', () => resolve(false))
  return promise
}
