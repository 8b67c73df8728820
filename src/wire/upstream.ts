import * as http from 'node:http'
import * as https from 'node:https'
import type { RequestHead } from '../core/exchange.ts'
import { flatHead } from './flat-head.ts'
import { MAX_HEAD_BYTES } from './listener.ts'
import { parseTarget, type Target } from './target.ts'
import { timeoutError } from './upstream-failure.ts'
import { prepareUpstreamSocket } from './upstream-socket.ts'
import { upstreamHeaders, upstreamPath } from './upstream-head.ts'

export interface UpstreamOptions {
  /** As {@link parseTarget} reads it. */
  readonly target: string
  /** Accepts any certificate of the upstream; default false. */
  readonly insecureUpstream?: boolean
  /** Until the connection stands, TLS included; default 10 s. */
  readonly connectTimeoutMs?: number
  /** From the request's last byte to the answer's head; default 120 s. */
  readonly headTimeoutMs?: number
}

/** The server behind a proxy, and the connections kept open to it. */
export interface Upstream {
  readonly target: Target
  /** Begins a request; content and end are the caller's. `fresh` keeps it off connections that were used before. */
  open(head: RequestHead, fresh: boolean): http.ClientRequest
  /** Closes the connections that are kept. */
  close(): void
}

/** @throws ResealError USAGE for a bad target */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { insecureUpstream = false, connectTimeoutMs = 10_000, headTimeoutMs = 120_000 } = options
  const target = parseTarget(options.target)
  const protocol = target.scheme === 'https' ? https : http
  const agent = new protocol.Agent({ keepAlive: true })

  return {
    target,
    open(head, fresh) {
      const request = protocol.request({
        host: target.host,
        port: target.port,
        method: head.method,
        path: upstreamPath(head.target, target),
        headers: flatHead(upstreamHeaders(head, target)),
        // The client's fields are all there is: without this Node adds Connection, and chunking to a bare POST.
        setDefaultHeaders: false,
        maxHeaderSize: MAX_HEAD_BYTES,
        agent: fresh ? false : agent,
        ...(target.scheme === 'https' ? { rejectUnauthorized: !insecureUpstream } : {}),
      })
      request.maxHeadersCount = 0
      limitTime(request, target, connectTimeoutMs, headTimeoutMs)
      return request
    },
    close: () => agent.destroy(),
  }
}

function limitTime(request: http.ClientRequest, target: Target, connectMs: number, headMs: number): void {
  let timer: NodeJS.Timeout | undefined
  const expire = (message: string, ms: number): void => {
    timer = setTimeout(() => request.destroy(timeoutError(message)), ms)
  }
  const clear = (): void => clearTimeout(timer)
  request.once('socket', (socket) => {
    // A connection is used for one request after another, and prepared for the first.
    if (request.reusedSocket) return
    prepareUpstreamSocket(socket)
    if (!socket.connecting) return
    expire(`no connection within ${connectMs} ms`, connectMs)
    socket.once(target.scheme === 'https' ? 'secureConnect' : 'connect', clear)
  })
  request.once('finish', () => {
    if (request.destroyed) return
    clear()
    expire(`no response within ${headMs} ms`, headMs)
  })
  request.once('response', clear)
  request.once('close', clear)
}
