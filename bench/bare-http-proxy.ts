import * as http from 'node:http'
import { createProxyServer } from 'http-proxy-3'

// http-proxy-3 as it comes, with kept connections to the backend: it forwards and records nothing.
process.once('message', (port: number) => {
  const proxy = createProxyServer({
    target: `http://127.0.0.1:${port}`,
    agent: new http.Agent({ keepAlive: true }),
  })
  const server = http.createServer((request, response) => {
    proxy.web(request, response)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0)
  })
})
