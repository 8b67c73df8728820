import * as http from 'node:http'

// The plainest forwarder there is: node:http on both sides, kept connections, raw header fields, and a pipe each way.
process.once('message', (port: number) => {
  const agent = new http.Agent({ keepAlive: true })
  const server = http.createServer((request, response) => {
    const { method, url, rawHeaders } = request
    const outgoing = http.request(
      { host: '127.0.0.1', port, method, path: url, headers: rawHeaders, agent },
      (incoming) => {
        response.sendDate = false
        response.writeHead(incoming.statusCode ?? 502, incoming.rawHeaders)
        incoming.pipe(response)
      },
    )
    request.pipe(outgoing)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
})
