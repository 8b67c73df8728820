import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { RequestHead } from '../../core/exchange.ts'
import type { RawHeaders } from '../../core/headers.ts'
import type { Target } from '../target.ts'
import { timeoutError } from '../upstream-failure.ts'
import { upstreamHeaders, upstreamPath } from '../upstream-head.ts'
import { CONNECT_TIMEOUT_MS, UPSTREAM_TIMEOUT_MS, type UpstreamOptions } from '../upstream.ts'
import { withoutConnectionFields } from './h2-head.ts'
import { SESSION_WINDOW_BYTES, UPSTREAM_SESSION_OPTIONS } from './session-options.ts'

/** An upstream as it is reached over HTTP/2. */
export interface Http2Upstream {
  readonly target: Target
  /** From the request's last byte to the answer's head. */
  readonly timeoutMs: number
  /**
   * A session that takes requests, kept for the next ones; undefined when the upstream does not speak HTTP/2: its
   * scheme is http, or it chose HTTP/1.1 by ALPN.
   */
  session(): Promise<ClientHttp2Session | undefined>
  /** The head to send, flat. @param client its IP address */
  head(head: RequestHead, client: string): string[]
  /** Ends the session. */
  close(): void
}

/** HTTP/2 to an upstream. What it speaks is asked once for as long as a connection lives. */
export function createHttp2Upstream(options: UpstreamOptions, target: Target): Http2Upstream {
  let current: Promise<ClientHttp2Session | undefined> | undefined
  let live: ClientHttp2Session | undefined
  const forget = (): void => {
    current = undefined
  }
  const open = async (): Promise<ClientHttp2Session | undefined> => {
    const socket = await connectSecurely(target, options)
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy()
      return undefined
    }
    const session = connectHttp2(target.origin, {
      ...UPSTREAM_SESSION_OPTIONS,
      createConnection: () => socket,
    })
    live = session
    session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES))
    // Each stream hears of it for itself.
    session.on('error', () => {})
    session.once('goaway', forget)
    session.once('close', forget)
    return session
  }
  return {
    target,
    timeoutMs: options.upstreamTimeoutMs ?? UPSTREAM_TIMEOUT_MS,
    async session() {
      if (target.scheme === 'http') return undefined
      current ??= open().catch((error: unknown) => {
        forget()
        throw error
      })
      const session = await current
      if (session === undefined || !(session.closed || session.destroyed)) return session
      forget()
      return this.session()
    },
    head: (head, client) => [
      ':method',
      head.method,
      ':scheme',
      target.scheme,
      ':authority',
      options.preserveHost === true ? head.authority : target.authority,
      ':path',
      upstreamPath(head.target, target),
      ...fieldsOf(head, upstreamHeaders(head, target, { ...options, client, upgrade: false })),
    ],
    close() {
      forget()
      live?.close()
    },
  }
}

/** `:authority` names the host; a `Host` beside it is sent only where the client sent one (RFC 9113 §8.3.1). */
function fieldsOf({ headers }: RequestHead, fields: RawHeaders): string[] {
  const named = headers.some(([name]) => name === 'host')
  const kept = withoutConnectionFields(fields).filter(([name]) => named || name.toLowerCase() !== 'host')
  // The one connection-specific field that HTTP/2 has (RFC 9113 §8.2.2).
  const te = fields.filter(([name]) => name.toLowerCase() === 'te')
  return [...kept, ...te].flat()
}

function connectSecurely(target: Target, options: UpstreamOptions): Promise<TLSSocket> {
  const { insecureUpstream = false, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host: target.host,
      port: target.port,
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: !insecureUpstream,
      ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    })
    const late = setTimeout(
      () => socket.destroy(timeoutError(`no connection within ${connectTimeoutMs} ms`)),
      connectTimeoutMs,
    )
    socket.once('secureConnect', () => {
      clearTimeout(late)
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(late))
  })
}
