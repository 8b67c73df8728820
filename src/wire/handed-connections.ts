import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { ListenAddress } from '../core/listen-address.ts'
import { bind, CLOSE_DEADLINE_MS, located, type Connections, type RunningServer } from './listener.ts'

/** Says of a connection, before anything of it was read, whether another process serves it. */
export type Share = (socket: Socket) => boolean

/** A server whose connections come from elsewhere. */
export interface HandedServer extends RunningServer {
  /** Serves a connection of which nothing was read. */
  admit(socket: Socket): void
}

/**
 * A server that does not listen itself.
 * @param address where whoever hands connections over listens
 */
export function handedServer(
  server: NetServer,
  address: ListenAddress,
  connections: Connections,
  closeDeadlineMs = CLOSE_DEADLINE_MS,
): HandedServer {
  const open = new Set<Socket>()
  const allowHalfOpen = mayBeHalfOpen(server)
  let closed: Promise<void> | undefined
  // Node looks for slow requests from when a server listens on, which this one never does.
  server.emit('listening')
  return {
    ...located(server, address),
    admit: (socket) => {
      if (closed !== undefined || socket.destroyed) {
        socket.destroy()
        return
      }
      open.add(socket)
      socket.once('close', () => open.delete(socket))
      // What passed between processes has lost it.
      socket.allowHalfOpen = allowHalfOpen
      server.emit('connection', socket)
      socket.resume()
    },
    close: () => (closed ??= closeHanded(server, open, connections, closeDeadlineMs)),
    renew: connections.renew,
  }
}

/**
 * Binds an address, and serves those of its connections that nobody else does.
 * @throws ResealError ADDRESS_IN_USE, ADDRESS_UNUSABLE
 */
export async function listenShared(
  server: NetServer,
  address: ListenAddress,
  connections: Connections,
  share: Share,
  closeDeadlineMs = CLOSE_DEADLINE_MS,
): Promise<RunningServer> {
  // What node:http and node:http2 ask of a server of theirs.
  const allowHalfOpen = mayBeHalfOpen(server)
  const door = createServer({ pauseOnConnect: true, allowHalfOpen, noDelay: allowHalfOpen })
  const port = await bind(door, address)
  const own = handedServer(server, { host: address.host, port }, connections, closeDeadlineMs)
  door.on('connection', (socket) => {
    if (!share(socket)) own.admit(socket)
  })
  return {
    ...own,
    close: () => {
      // It would wait for connections that others serve.
      door.close()
      return own.close()
    },
  }
}

/** A client of HTTP/1.1 in the clear may end its side and still wait for its answer. */
function mayBeHalfOpen(server: NetServer): boolean {
  return !(server instanceof TlsServer)
}

async function closeHanded(
  server: NetServer,
  open: ReadonlySet<Socket>,
  connections: Connections,
  deadlineMs: number,
): Promise<void> {
  const deadline = setTimeout(() => connections.cut(), deadlineMs)
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    if (open.size === 0) resolve()
  }
  for (const socket of open) socket.once('close', look)
  look()
  connections.drain()
  await gone
  clearTimeout(deadline)
  // Nothing is left to close but the timer that looks for slow requests.
  server.close()
}
