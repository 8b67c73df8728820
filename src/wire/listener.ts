import type { ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer, TLSSocket } from 'node:tls'
import { errorBody } from '../core/error-answer.ts'
import { errorMessage, ResealError, systemErrorCode } from '../core/errors.ts'
import { formatListenAddress, type ListenAddress } from '../core/listen-address.ts'
import { SESSION_WINDOW_BYTES } from './h2/session-options.ts'
import { KEEP_ALIVE_MS } from './limits.ts'

/** A server that accepts requests. */
export interface RunningServer {
  /** `http://host:port`, with the port that was bound. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Stops accepting, lets answers under way finish, and resolves when every connection is closed. */
  close(): Promise<void>
  /** Has clients connect anew: see {@link Connections.renew}. */
  renew(): void
}

/** The connections of a server, and what is under way on each. */
export interface Connections {
  /** Behind an answer that closes the connection a request must not be answered, nor acted on (RFC 9112 §9.6). */
  isOver(socket: Duplex): boolean
  /** To be called for every request: its connection stays open until the answer has left; false when it is over. */
  track(socket: Socket, response: ServerResponse): boolean
  /** This response has no end of its own: closing does not wait for it. */
  release(response: ServerResponse): void
  /** To be called for a connection that has a way of its own to end, which {@link Connections.drain} then takes. */
  hold(socket: Duplex, leave: () => void): void
  /** Closes every connection as soon as nothing is under way on it. */
  drain(): void
  /**
   * Ends every connection of HTTP/1.1 that is open now with its next answer, which says so (RFC 9112 §9.6): its client
   * loses nothing. Those whose clients send requests before they have their answers stay, and those of HTTP/2.
   */
  renew(): void
  /** Closes every connection now. */
  cut(): void
  /** Whether {@link Connections.cut} was called. */
  wasCut(): boolean
}

interface Connection {
  readonly socket: Socket
  /** Under way, in their order. Of a Set, each few deletions would leave a table behind that has outlived two collections. */
  readonly responses: ServerResponse[]
  leave: (() => void) | undefined
  /** Its last answer has left. */
  closing: boolean
  /** Its next answer is its last. */
  waning: boolean
  /** Requests came before the answers to those before them. */
  pipelined: boolean
}

/** How long answers under way may take when a server closes. */
export const CLOSE_DEADLINE_MS = 10_000

/**
 * Makes ready what every server here has in common: connections are tracked, header text goes out byte for byte, and
 * what Node's parser refuses is answered 400, 408 or 431 and the connection closed.
 */
export function trackConnections(server: NetServer): Connections {
  const open = new Map<Duplex, Connection>()
  let draining = false
  let isCut = false

  const handshaking = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  const secure = server instanceof TlsServer
  if (secure) {
    server.on('connection', (socket: Socket) => {
      handshaking.add(socket)
      socket.once('close', () => handshaking.delete(socket))
    })
    server.on('session', (session: ServerHttp2Session) => trackSession(session, sessions))
  }
  server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
    // Connections of HTTP/2 are their session's.
    if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') return
    // Node writes a head that goes out alone (flushHeaders) without an encoding, and UTF-8 would double bytes.
    socket.setDefaultEncoding('latin1')
    // Pipelined requests each watch their socket.
    socket.setMaxListeners(0)
    open.set(socket, newConnection(socket))
    socket.once('close', () => open.delete(socket))
  })
  server.on('clientError', (error: Error, socket: Duplex) => {
    const connection = open.get(socket)
    // What failed or was too slow is the TLS handshake. Text for its end would be under way when the session of HTTP/2
    // writes its first, and Node aborts the process for it.
    if (connection === undefined) {
      socket.destroy()
      return
    }
    const answers = connection.responses.slice()
    // Bytes after whole requests: their answers leave first, and nothing more is read.
    if (answers.length > 0 && answers.every(({ req }) => req.complete)) {
      socket.pause()
      afterAll(answers, () => refuseUnparsable(error, socket))
    } else if (answers.some((response) => response.headersSent)) {
      // Nothing may be written into another answer; if it is our own refusal of the same request, it still leaves.
      connection.socket.destroySoon()
    } else refuseUnparsable(error, socket)
  })

  const remove = ({ socket, responses }: Connection, response: ServerResponse): void => {
    const at = responses.indexOf(response)
    if (at === 0) responses.shift()
    else if (at > 0) responses.splice(at, 1)
    if (draining && responses.length === 0) socket.destroySoon()
  }
  /** One function for every response: it runs on the hot path, where a closure for each is garbage. */
  function ended(this: ServerResponse): void {
    const connection = open.get(this.req.socket)
    if (connection === undefined) return
    connection.closing ||= !this.shouldKeepAlive
    remove(connection, this)
  }
  return {
    isOver: (socket) => isOver(open.get(socket)),
    track(socket, response) {
      const connection = open.get(socket)
      if (connection === undefined || isOver(connection)) return false
      if (connection.responses.length > 0) connection.pipelined = true
      else if (connection.waning && !connection.pipelined) response.shouldKeepAlive = false
      connection.responses.push(response)
      response.on('close', ended)
      return true
    },
    release(response) {
      const connection = open.get(response.req.socket)
      if (connection !== undefined) remove(connection, response)
    },
    hold(socket, leave) {
      const connection = open.get(socket)
      if (connection !== undefined) connection.leave = leave
      if (draining) leave()
    },
    drain() {
      draining = true
      for (const { socket, responses, leave } of open.values()) {
        if (leave !== undefined) leave()
        else if (responses.length === 0) socket.destroySoon()
      }
      for (const session of sessions) session.close()
    },
    renew() {
      for (const connection of open.values()) connection.waning = true
    },
    cut() {
      isCut = true
      for (const session of sessions) session.destroy()
      for (const socket of handshaking) socket.destroy()
      for (const socket of open.keys()) socket.destroy()
    },
    wasCut: () => isCut,
  }
}

function newConnection(socket: Socket): Connection {
  return { socket, responses: [], leave: undefined, closing: false, waning: false, pipelined: false }
}

/** The last answer of the connection has left, or is one that is under way. */
function isOver(connection: Connection | undefined): boolean {
  if (connection === undefined || connection.closing) return true
  for (const response of connection.responses) if (!response.shouldKeepAlive) return true
  return false
}

/** An idle session is asked to end; one that has streams open ends with the last of them. */
function trackSession(session: ServerHttp2Session, sessions: Set<ServerHttp2Session>): void {
  sessions.add(session)
  session.setLocalWindowSize(SESSION_WINDOW_BYTES)
  session.setTimeout(KEEP_ALIVE_MS, () => session.close())
  // Each stream hears of it for itself.
  session.on('error', () => {})
  session.once('close', () => sessions.delete(session))
}

/**
 * Binds a server.
 * @throws ResealError ADDRESS_IN_USE, or ADDRESS_UNUSABLE when the system refuses the address
 */
export async function listen(
  server: NetServer,
  address: ListenAddress,
  connections: Connections,
  closeDeadlineMs = CLOSE_DEADLINE_MS,
): Promise<RunningServer> {
  const port = await bind(server, address)
  let closed: Promise<void> | undefined
  return {
    ...located(server, { host: address.host, port }),
    close: () => (closed ??= closeServer(server, connections, closeDeadlineMs)),
    renew: connections.renew,
  }
}

/** Where a server is to be found. */
export function located(
  server: NetServer,
  address: ListenAddress,
): Pick<RunningServer, 'url' | 'host' | 'port'> {
  const scheme = server instanceof TlsServer ? 'https' : 'http'
  return { url: `${scheme}://${formatListenAddress(address)}`, ...address }
}

/**
 * @returns the port that was bound
 * @throws ResealError ADDRESS_IN_USE, or ADDRESS_UNUSABLE when the system refuses the address
 */
export async function bind(server: NetServer, address: ListenAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refused = (error: Error): void => reject(listenFailure(error, address))
    server.once('error', refused)
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', refused)
      resolve()
    })
  })
  return boundPort(server, address)
}

async function closeServer(server: NetServer, connections: Connections, deadlineMs: number): Promise<void> {
  const deadline = setTimeout(() => connections.cut(), deadlineMs)
  await new Promise<void>((resolve) => {
    // node:http's own close() destroys connections whose answer is ended but not yet flushed: a cut-off body.
    NetServer.prototype.close.call(server, () => resolve())
    connections.drain()
  })
  clearTimeout(deadline)
  // Nothing is left to close but the timer that looks for slow requests.
  server.close()
}

function listenFailure(error: Error, address: ListenAddress): ResealError {
  const where = formatListenAddress(address)
  if (systemErrorCode(error) === 'EADDRINUSE') {
    return new ResealError('ADDRESS_IN_USE', `The address ${where} is in use by another process`, {
      hint: 'Stop that process, or listen elsewhere: --listen 127.0.0.1:0 takes any free port.',
      cause: error,
    })
  }
  return new ResealError('ADDRESS_UNUSABLE', `Cannot listen on ${where}: ${errorMessage(error)}`, {
    hint: 'Listen on an address of this machine and, without privileges, on a port above 1023.',
    cause: error,
  })
}

function afterAll(responses: readonly ServerResponse[], then: () => void): void {
  let left = responses.length
  for (const response of responses) {
    response.once('close', () => {
      left -= 1
      if (left === 0) then()
    })
  }
}

/** Codes of Node's parser that have an answer of their own (RFC 6585 §5, RFC 9110 §15.5.9); the rest are 400. */
const PARSER_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function refuseUnparsable(error: Error, socket: Duplex): void {
  const code = systemErrorCode(error) ?? ''
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy(error)
    return
  }
  const status = PARSER_ANSWERS[code] ?? '400 Bad Request'
  const body = errorBody({ code: 'USAGE', message: `The request cannot be read as HTTP (${code})` })
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body.toString('latin1')}`,
    'latin1',
    () => socket.destroy(),
  )
}

/** The port a server listens on; before it does, the one it asks for. */
export function boundPort(server: NetServer, address: ListenAddress): number {
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : address.port
}
