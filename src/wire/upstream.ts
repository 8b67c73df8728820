import * as http from 'node:http'
import type { ClientHttp2Stream } from 'node:http2'
import * as https from 'node:https'
import type { RequestHead } from '../core/exchange.ts'
import { headerValue } from '../core/headers.ts'
import { flatHead } from './flat-head.ts'
import { MAX_HEAD_BYTES } from './limits.ts'
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
  /**
   * From the request's last byte to the answer's head, or to a 100 that was asked for; and between two pieces of
   * content that the client is ready to take; default 120 s.
   */
  readonly upstreamTimeoutMs?: number
  /** Sends the client's `Host` instead of the target's; default false. */
  readonly preserveHost?: boolean
  /** Adds `X-Forwarded-For`, `-Host` and `-Proto`; default false. */
  readonly xfwd?: boolean
}

/** How a request goes upstream. */
export interface RequestWay {
  /** The client's IP address. */
  readonly client: string
  /** Keeps it off connections that were used before. */
  readonly fresh: boolean
  /** Asks for another protocol on its connection. */
  readonly upgrade: boolean
}

/** The server behind a proxy, and the connections kept open to it. */
export interface Upstream {
  readonly target: Target
  /** Begins a request; content and end are the caller's. */
  open(head: RequestHead, way: RequestWay): http.ClientRequest
  /** Closes the connections that are kept. */
  close(): void
}

export const CONNECT_TIMEOUT_MS = 10_000
export const UPSTREAM_TIMEOUT_MS = 120_000

/** @throws ResealError USAGE for a bad target */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { insecureUpstream = false } = options
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, upstreamTimeoutMs = UPSTREAM_TIMEOUT_MS } = options
  const target = parseTarget(options.target)
  const protocol = target.scheme === 'https' ? https : http
  const agent = new protocol.Agent({ keepAlive: true })

  return {
    target,
    open(head, { client, fresh, upgrade }) {
      const request = protocol.request({
        host: target.host,
        port: target.port,
        method: head.method,
        path: upstreamPath(head.target, target),
        headers: flatHead(upstreamHeaders(head, target, { ...options, client, upgrade })),
        // The client's fields are all there is: without this Node adds Connection, and chunking to a bare POST.
        setDefaultHeaders: false,
        maxHeaderSize: MAX_HEAD_BYTES,
        agent: fresh ? false : agent,
        ...(target.scheme === 'https' ? { rejectUnauthorized: !insecureUpstream } : {}),
      })
      request.maxHeadersCount = 0
      const secure = target.scheme === 'https'
      const expects = headerValue(head.headers, 'expect') !== undefined
      limitTime(request, { connectMs: connectTimeoutMs, upstreamMs: upstreamTimeoutMs, secure, expects })
      return request
    },
    close: () => agent.destroy(),
  }
}

interface TimeLimits {
  readonly connectMs: number
  readonly upstreamMs: number
  readonly secure: boolean
  /** The client sends its content only once the upstream has asked for it. */
  readonly expects: boolean
}

function limitTime(
  request: http.ClientRequest,
  { connectMs, upstreamMs, secure, expects }: TimeLimits,
): void {
  let timer: NodeJS.Timeout | undefined
  let answered = false
  const clear = (): void => clearTimeout(timer)
  const expire = (what: string, ms: number): void => {
    clear()
    timer = setTimeout(() => request.destroy(timeoutError(`no ${what} within ${ms} ms`)), ms)
  }
  request.once('socket', (socket) => {
    // A connection is used for one request after another, and prepared for the first.
    if (request.reusedSocket) {
      if (expects) expire('response', upstreamMs)
      return
    }
    prepareUpstreamSocket(socket)
    if (!socket.connecting) return
    expire('connection', connectMs)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clear()
      if (expects) expire('response', upstreamMs)
    })
  })
  request.once('continue', clear)
  request.once('finish', () => {
    if (!request.destroyed && !answered) expire('response', upstreamMs)
  })
  request.once('response', (response) => {
    answered = true
    clear()
    limitPauses(response, upstreamMs, (error) => request.destroy(error))
  })
  request.once('close', clear)
}

/** Between two pieces only an upstream may take its time that we do not keep waiting ourselves. */
export function limitPauses(
  response: http.IncomingMessage | ClientHttp2Stream,
  ms: number,
  expired: (error: Error) => void,
): void {
  const timer = setTimeout(() => {
    if (response.isPaused()) timer.refresh()
    else expired(timeoutError(`no more content within ${ms} ms`))
  }, ms)
  response.on('data', () => timer.refresh())
  response.once('close', () => clearTimeout(timer))
}
