import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A socket as text, each character one byte. */
export interface RawSocket {
  readonly socket: Socket
  /** All that has come so far. */
  text(): string
  /** Resolves with {@link text} once it holds `wanted` (or fits it); rejects when the socket closes before. */
  until(wanted: string | RegExp | ((text: string) => boolean)): Promise<string>
  send(text: string): void
  /** Resolves with {@link text} when the socket is closed; `true` in `failed` when by a reset. */
  closed(): Promise<{ text: string; failed: boolean }>
}

export function rawSocket(socket: Socket): RawSocket {
  const chunks: Buffer[] = []
  const text = (): string => Buffer.concat(chunks).toString('latin1')
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  let failed = false
  socket.on('error', () => {
    failed = true
  })
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return {
    socket,
    text,
    until(wanted) {
      const fits = matcher(wanted)
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (!fits(text())) return
          socket.off('data', look)
          resolve(text())
        }
        socket.on('data', look)
        socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text().slice(0, 500))}`)))
        look()
      })
    },
    send: (sent) => void socket.write(sent, 'latin1'),
    closed: async () => {
      await gone
      return { text: text(), failed }
    },
  }
}

function matcher(wanted: string | RegExp | ((text: string) => boolean)): (text: string) => boolean {
  if (typeof wanted === 'string') return (text) => text.includes(wanted)
  return typeof wanted === 'function' ? wanted : (text) => wanted.test(text)
}

/** Connects to a loopback port; the socket is gone when the test ends. */
export async function rawClient(t: TestContext, port: number): Promise<RawSocket> {
  const socket = connect({ port, host: '127.0.0.1' })
  t.after(() => socket.destroy())
  const client = rawSocket(socket)
  await once(socket, 'connect')
  return client
}

export interface RawUpstream {
  readonly port: number
  readonly url: string
  /** Every connection so far, in order. */
  readonly connections: readonly RawSocket[]
}

/** A server that answers as the script does, byte for byte; it is gone when the test ends. */
export async function rawUpstream(
  t: TestContext,
  script: (socket: RawSocket, index: number) => void | Promise<void>,
): Promise<RawUpstream> {
  const connections: RawSocket[] = []
  const server = createServer((socket) => {
    const raw = rawSocket(socket)
    connections.push(raw)
    Promise.resolve(script(raw, connections.length - 1)).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const { socket } of connections) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}`, connections }
}

/** An upstream that gives every connection one answer once the request's head is here. */
export function answering(t: TestContext, answer: string): Promise<RawUpstream> {
  return rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.send(answer)
  })
}
