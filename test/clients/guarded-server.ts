import { once } from 'node:events'
import { createServer } from 'node:http'
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express'
import type { OpenClient } from './token-client.ts'

/**
 * An Express application whose one page is behind a middleware: the way these clients are really met. The page tells
 * the `sub`.
 */
export async function guardedServer(
  guard: RequestHandler,
  subOf: (request: Request) => unknown,
): Promise<OpenClient> {
  const refused: ErrorRequestHandler = (
    error: { status?: number; message?: string },
    _request,
    response,
    _next,
  ) => {
    response.status(error.status ?? 500).send(error.message)
  }
  const app = express()
    .get('/', guard, (request, response) => {
      response.send(String(subOf(request)))
    })
    .use(refused)
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    verify: async (token) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const text = await response.text()
      return { accepted: response.status === 200, because: response.ok ? text : `${response.status} ${text}` }
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
