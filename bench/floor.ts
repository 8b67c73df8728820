import { createServer } from 'node:http'

// The floor: a bare node:http server that writes the bodies it was sent by its parent, by the first segment of the
// path, and nothing else. It reads the content of a request, as a server must.
process.once('message', (bodies: Record<string, string>) => {
  const answers = new Map(
    Object.entries(bodies).map(([segment, text]) => {
      const body = Buffer.from(text)
      return [
        segment,
        { body, headers: ['Content-Type', 'application/json', 'Content-Length', String(body.length)] },
      ]
    }),
  )
  const server = createServer((request, response) => {
    const answer = answers.get((request.url ?? '').split('/', 2)[1] ?? '')
    const write = (): void => {
      response.sendDate = false
      response.writeHead(200, answer?.headers)
      response.end(answer?.body)
    }
    if (request.method === 'GET') write()
    else request.resume().once('end', write)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
})
