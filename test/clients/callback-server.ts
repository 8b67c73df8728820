import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** Where browsers come back to. */
export interface CallbackServer {
  readonly url: string
  /** The next request to `/callback`, as openid-client reads it. */
  next(): Promise<Request>
  close(): Promise<void>
}

/** A relying party's web server on a free port of loopback: it says "Welcome back" and keeps what it was sent. */
export async function startCallbackServer(): Promise<CallbackServer> {
  const arrived: Request[] = []
  let wake = (): void => {}
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const body = await text(request)
    if (url.pathname === '/callback') {
      const headers = { 'content-type': request.headers['content-type'] ?? 'text/plain' }
      arrived.push(
        request.method === 'POST' ? new Request(url, { method: 'POST', headers, body }) : new Request(url),
      )
      wake()
    }
    response.setHeader('Content-Type', 'text/html')
    response.end('<!doctype html><link rel="icon" href="data:,"><title>App</title><h1>Welcome back</h1>')
  }
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    next: async () => {
      for (;;) {
        const request = arrived.shift()
        if (request !== undefined) return request
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
