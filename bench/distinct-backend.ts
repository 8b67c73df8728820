import { createServer } from 'node:http'

// A backend whose answers up to 100 kB are never the same twice, so that each of them has to be stored; the larger ones
// are, to spare the disk. It is sent its bodies by the first segment of the path.
process.once('message', (bodies: Record<string, string>) => {
  const answers = new Map(Object.entries(bodies).map(([segment, text]) => [segment, Buffer.from(text)]))
  let served = 0
  const server = createServer((request, response) => {
    const body = answers.get((request.url ?? '').split('/', 2)[1] ?? '') ?? Buffer.alloc(0)
    response.sendDate = false
    response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)])
    served += 1
    const distinct = body.length <= 100_000 ? Buffer.from(body) : body
    if (distinct !== body) distinct.write(String(served).padStart(12, '0'), 16, 'latin1')
    response.end(distinct)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
})
