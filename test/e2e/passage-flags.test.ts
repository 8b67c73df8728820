import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { resealServer } from '../demo/reseal-process.ts'

/** Between two events, as they are recorded. */
const APART_MS = 600

test('what flags say of the passage holds from the recording to the replay', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'reseal-flags-'))
  t.after(() => rmSync(cwd, { recursive: true, force: true }))
  const upstream = await backend(t)
  const where = ['--tls', '--listen', '127.0.0.1:0']
  const flags = ['--preserve-host', '--xfwd', '--client-timeout', '2s', '--upstream-timeout', '3s']
  const recorder = await resealServer(['record', 'flags', '--target', upstream, ...flags, ...where], cwd)
  const [url = ''] = recorder.urls
  const authority = readFileSync(join(cwd, 'secrets/generated/tls/ca.crt'))
  const said = JSON.parse((await ask(`${url}/said`, authority)).text)
  assert.equal(said.host, new URL(url).host)
  assert.equal(said['x-forwarded-for'], '127.0.0.1')
  assert.equal(said['x-forwarded-host'], new URL(url).host)
  assert.equal(said['x-forwarded-proto'], 'https')
  assert.equal((await ask(`${url}/silent`, authority)).status, 504)
  assert.equal((await ask(`${url}/silent`, authority, 'half of what was promised')).status, 408)
  const events = await ask(`${url}/events`, authority)
  const { code, stderr } = await recorder.stop()
  assert.equal(code, 0, stderr)

  const replaying = await resealServer(['replay', 'flags', '--pace', '4x', ...where], cwd)
  const [again = ''] = replaying.urls
  const replayed = await ask(`${again}/events`, authority)
  assert.equal(replayed.text, events.text)
  // Two waits of the recording; timers are exact to a millisecond, and never early by more.
  assert.ok(replayed.tookMs >= (2 * APART_MS) / 4 - 5, `${replayed.tookMs} ms`)
  assert.ok(replayed.contentMs < events.contentMs, `${replayed.contentMs} of ${events.contentMs} ms`)
  assert.equal((await ask(`${again}/silent`, authority)).status, 504)
  assert.equal((await replaying.stop()).code, 0)
})

/** Says what it was asked, says nothing, or says three things one after the other. */
async function backend(t: TestContext): Promise<string> {
  const server = createServer(({ url, headers }, response) => {
    if (url === '/said') response.end(JSON.stringify(headers))
    if (url === '/events') void sayEvents(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}

async function sayEvents(response: ServerResponse): Promise<void> {
  response.setHeader('Content-Type', 'text/event-stream')
  for (const event of ['1', '2', '3']) {
    response.write(`data: ${event}\n\n`)
    if (event !== '3') await wait(APART_MS)
  }
  response.end()
}

interface Asked {
  readonly status: number | undefined
  readonly text: string
  /** From the first step of the connection to the last byte. */
  readonly tookMs: number
  /** From the head to the last byte. */
  readonly contentMs: number
}

/** @param begun content of a request that promises more and then holds it back */
async function ask(url: string, ca: Buffer, begun?: string): Promise<Asked> {
  const startedMs = performance.now()
  const method = begun === undefined ? 'GET' : 'POST'
  const request = httpsRequest(url, {
    ca,
    method,
    agent: false,
    headers: begun ? { 'Content-Length': 1000 } : {},
  })
  request.on('error', () => {})
  if (begun === undefined) request.end()
  else request.write(begun)
  const [response]: IncomingMessage[] = await once(request, 'response')
  const headMs = performance.now()
  const pieces: Buffer[] = []
  response?.on('data', (piece: Buffer) => pieces.push(piece))
  if (response !== undefined) await once(response, 'end')
  request.destroy()
  return {
    status: response?.statusCode,
    text: Buffer.concat(pieces).toString(),
    tookMs: performance.now() - startedMs,
    contentMs: performance.now() - headMs,
  }
}
