import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A backend of the torture: its address, and how to end it. */
export interface TortureUpstream {
  readonly url: string
  /** Connections that are open now. */
  connections(): number
  close(): void
}

/** Serves one handler on a free port of this machine. */
export async function serveUpstream(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TortureUpstream> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler)
  let open = 0
  server.on('connection', (socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    connections: () => open,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/**
 * What the backend says to a request of this target: of a length that depends on it, so that a mixed-up answer shows.
 * Targets with `early` are answered before the request's content is here.
 */
export function answerTo(target: string): string {
  const number = Number(/\d+$/.exec(target)?.[0] ?? 0)
  return JSON.stringify({ target, filler: 'x'.repeat((number * 37) % 4000) })
}

/** Answers every request with {@link answerTo}: by length or chunked, in turn. */
export function echoTarget(request: IncomingMessage, response: ServerResponse): void {
  const target = request.url ?? ''
  const body = answerTo(target)
  const answer = (): void => {
    if (target.endsWith('0')) response.write(body.slice(0, 10))
    else response.setHeader('Content-Length', body.length)
    response.end(target.endsWith('0') ? body.slice(10) : body)
  }
  request.resume()
  if (target.includes('early')) answer()
  else request.once('end', answer)
}
