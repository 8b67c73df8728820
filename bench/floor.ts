import { createServer } from 'node:http'

// The floor: a bare node:http server that writes the bodies it was sent by its parent, and nothing else.
process.once('message', (bodies: Record<string, string>) => {
  const answers = new Map(
    Object.entries(bodies).map(([path, text]) => {
      const body = Buffer.from(text)
      return [
        path,
        { body, headers: ['Content-Type', 'application/json', 'Content-Length', String(body.length)] },
      ]
    }),
  )
  const server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '')
    response.sendDate = false
    response.writeHead(200, answer?.headers)
    response.end(answer?.body)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
})
