import { generateKeyPairSync } from 'node:crypto'
import express from 'express'
import jsonwebtoken from 'jsonwebtoken'
import { ALG, API } from './client-settings.ts'
import { serveParent } from './server-process.ts'

/** How long a session lives that nobody uses. */
const SESSION_SECONDS = 900
const COOKIE = 'session'

// A web application on Express whose sessions are JWTs in a cookie, each request giving a new one.
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

serveParent((origin) => {
  const open = (response: express.Response, user: string, visits: number): void => {
    const token = jsonwebtoken.sign({ visits }, privateKey, {
      algorithm: ALG,
      keyid: 'web-1',
      issuer: origin,
      audience: API,
      subject: user,
      expiresIn: SESSION_SECONDS,
    })
    response.cookie(COOKIE, token, {
      httpOnly: true,
      sameSite: 'lax',
      maxAge: SESSION_SECONDS * 1000,
    })
  }
  const app = express()
  app.use(express.json())
  app.get('/.well-known/jwks.json', (_, response) => {
    response.json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'web-1', use: 'sig', alg: ALG }] })
  })
  app.post('/login', (request, response) => {
    const { user = '' } = request.body as { user?: string }
    open(response, user, 0)
    response.status(204).end()
  })
  app.get('/me', (request, response) => {
    const [, token = ''] = new RegExp(`${COOKIE}=([^;]+)`).exec(request.headers.cookie ?? '') ?? []
    try {
      const claims = jsonwebtoken.verify(token, publicKey, { algorithms: [ALG], issuer: origin })
      if (typeof claims === 'string') throw new Error('a session has claims')
      open(response, String(claims.sub), Number(claims['visits']) + 1)
      response.json({ user: claims.sub, visits: claims['visits'] })
    } catch {
      response.status(401).json({ error: 'no session' })
    }
  })
  return app
})
