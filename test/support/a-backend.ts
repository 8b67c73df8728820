import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A backend that counts its connections and says what it was asked. */
export async function aBackend(t: TestContext) {
  let connections = 0
  let answers = 0
  const server: Server = createServer((request, response) => {
    void read(request).then((body) => {
      answers += 1
      const said = JSON.stringify({
        method: request.method,
        url: request.url,
        body,
        host: request.headers.host,
      })
      response.writeHead(201, [
        ['Content-Type', 'application/json'],
        ['X-Answer', String(answers)],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ])
      response.end(said)
    })
  })
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    authority: `127.0.0.1:${port}`,
    connections: () => connections,
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
