import { once } from 'node:events'
import {
  connect,
  createSecureServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { sendTrailersAtEnd } from '../../src/wire/h2/trailers-at-end.ts'
import { LOCALHOST } from './tls-fixture.ts'

/** An upstream of HTTP/2; it is gone when the test ends. */
export async function http2Upstream(
  t: TestContext,
  onStream: (stream: ServerHttp2Stream, raw: readonly string[]) => void,
  options: SecureServerOptions = {},
): Promise<{ readonly url: string; readonly sessions: () => number; stop(): void }> {
  const server = createSecureServer({ ...LOCALHOST, maxSessionMemory: 1000, ...options })
  let sessions = 0
  const open = new Set<{ destroy(): void }>()
  server.on('session', (session) => {
    sessions += 1
    open.add(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: ServerHttp2Stream, _: unknown, __: unknown, raw: readonly string[]) => {
    stream.on('error', () => {})
    onStream(stream, raw)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = (): void => {
    for (const session of open) session.destroy()
    server.close()
  }
  t.after(stop)
  const { port } = server.address() as AddressInfo
  return { url: `https://127.0.0.1:${port}`, sessions: () => sessions, stop }
}

/** A session of an HTTP/2 client. */
export async function http2Client(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, maxSessionMemory: 1000 })
  session.on('error', () => {})
  t.after(() => session.destroy())
  await once(session, 'connect')
  return session
}

export interface Http2Answer {
  readonly interim: readonly (readonly string[])[]
  /** Flat, in wire order. */
  readonly head: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
  readonly rstCode: number
}

/** Asks once, and resolves when the stream is closed. */
export async function ask(
  session: ClientHttp2Session,
  fields: readonly string[],
  body?: string,
  trailers: Record<string, string> = {},
): Promise<Http2Answer> {
  const stream = session.request([':scheme', 'https', ':authority', 'api.example', ...fields], {
    endStream: body === undefined,
    waitForTrailers: true,
  })
  const interim: (readonly string[])[] = []
  let head: readonly string[] = []
  let received: readonly string[] = []
  let text = ''
  type Raw = readonly string[]
  sendTrailersAtEnd(stream, () => Object.entries(trailers))
  stream.on('headers', (_: IncomingHttpHeaders, __: number, raw: Raw) => interim.push(raw))
  stream.on('response', (_: IncomingHttpHeaders, __: number, raw: Raw) => {
    head = raw
  })
  stream.on('trailers', (_: IncomingHttpHeaders, __: number, raw: Raw) => {
    received = raw
  })
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  stream.on('error', () => {})
  if (body !== undefined) stream.end(Buffer.from(body, 'latin1'))
  // `once` of node:events would reject with the error of a reset.
  await new Promise<void>((resolve) => stream.once('close', () => resolve()))
  return { interim, head, body: text, trailers: received, rstCode: stream.rstCode }
}
