import { createPrivateKey, randomBytes, randomUUID, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

// The floor: a bare node:http server that parses the form, signs the claims an issuer would, and nothing else. It signs
// on the thread pool, which is faster than on its own thread wherever there is a second core.
process.once('message', ({ pem, kid }: { pem: string; kid: string }) => {
  const key = createPrivateKey(pem)
  const head = encoded({ alg: 'RS256', typ: 'at+jwt', kid })
  let issuer = ''

  const answer = (form: URLSearchParams, response: ServerResponse): void => {
    const clientId = form.get('client_id')
    if (
      form.get('grant_type') !== 'client_credentials' ||
      clientId === null ||
      form.get('client_secret') === null
    ) {
      response.writeHead(400).end()
      return
    }
    const iat = Math.floor(Date.now() / 1000)
    const scope = form.get('scope')
    const jti = `${randomUUID()}.${randomBytes(9).toString('base64url')}`
    const claims = {
      iss: issuer,
      sub: clientId,
      aud: issuer,
      client_id: clientId,
      scope,
      iat,
      exp: iat + 300,
      jti,
    }
    const input = `${head}.${encoded(claims)}`
    sign('sha256', Buffer.from(input), key, (error, signature) => {
      if (error !== null) throw error
      const token = `${input}.${signature.toString('base64url')}`
      const body = Buffer.from(
        JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 300, scope }),
      )
      response.sendDate = false
      response.writeHead(200, [
        'Content-Type',
        'application/json',
        'Cache-Control',
        'no-store',
        'Content-Length',
        String(body.length),
      ])
      response.end(body)
    })
  }
  const server = createServer((request, response) => {
    readAll(request, (body) => answer(new URLSearchParams(body.toString()), response))
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    process.send?.(issuer)
  })
})

function readAll(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => done(Buffer.concat(chunks)))
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
