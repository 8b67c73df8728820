import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { reseal, resealServer } from '../demo/reseal-process.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Got {
  readonly status: number | undefined
  readonly reason: string | undefined
  /** Header list in wire order, but for what may differ: hop-by-hop fields and Date. */
  readonly headers: readonly string[]
  readonly bytes: number
  readonly sha256: string
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date'])

test('a hundred mixed exchanges are recorded, verified and replayed as staging gave them', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-round-trip-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const staging = await startStaging()
  t.after(() => staging.server.close())

  mkdirSync(join(directory, 'config'))
  writeFileSync(join(directory, 'config', 'reseal.yaml'), 'redact: off\n')
  const recorder = await resealServer(
    ['record', 't', '--target', staging.origin, '--listen', '127.0.0.1:0'],
    directory,
  )
  const direct: Got[] = []
  const recorded: Got[] = []
  for (const asked of hundred()) {
    direct.push(await ask(staging.origin, asked))
    recorded.push(await ask(recorder.urls[0] ?? '', asked))
  }
  const ended = await recorder.stop()
  staging.server.close()
  assert.equal(ended.code, 0)
  assert.match(ended.stderr, /recorded 100 pairs/)
  assert.deepEqual(recorded, direct)

  const file = join(directory, 'snapshots', 't.db')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const verified = await reseal(['verify', 't'], directory)
  assert.deepEqual([verified.code, verified.stdout.split(';')[0]], [0, 't: whole'])

  const replaying = await resealServer(['replay', 't', '--listen', '127.0.0.1:0'], directory)
  const replayed: Got[] = []
  for (const asked of hundred()) replayed.push(await ask(replaying.urls[0] ?? '', asked))
  const summary = await replaying.stop()
  assert.deepEqual(replayed, direct)
  assert.equal(summary.code, 0)
  assert.match(summary.stderr, /answered 100 requests, missed 0; served 100 of 100 pairs/)
})

test('the same request several times is answered in recorded order, and the last answer stays', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-order-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const staging = await startStaging()
  t.after(() => staging.server.close())
  const recorder = await resealServer(
    ['record', 't', '--target', staging.origin, '--listen', '127.0.0.1:0'],
    directory,
  )
  for (let round = 0; round < 3; round += 1) await fetch(`${recorder.urls[0]}/count`)
  await recorder.stop()

  const replaying = await resealServer(['replay', 't', '--listen', '127.0.0.1:0'], directory)
  t.after(() => replaying.stop())
  const answers: string[] = []
  for (let round = 0; round < 5; round += 1)
    answers.push(await (await fetch(`${replaying.urls[0]}/count`)).text())
  assert.deepEqual(answers, ['1', '2', '3', '3', '3'])
})

function hundred(): readonly Asked[] {
  return Array.from({ length: 100 }, (_, index): Asked => {
    const json = { 'content-type': 'application/json' }
    const kinds: readonly Asked[] = [
      { method: 'GET', path: `/json/${index}?a=1&b=${index}&a=2` },
      {
        method: 'POST',
        path: '/echo',
        headers: json,
        body: JSON.stringify({ index, big: 'x'.repeat(index) }),
      },
      { method: 'GET', path: `/missing/${index}` },
      { method: 'GET', path: `/gzip/${index}`, headers: { 'accept-encoding': 'gzip' } },
      { method: 'HEAD', path: `/json/${index}` },
      { method: 'DELETE', path: `/empty/${index}` },
      { method: 'GET', path: index % 20 === 6 ? '/binary' : `/chunked/${index}` },
      { method: 'GET', path: `/repeats/${index}` },
      { method: 'PUT', path: `/a%2Fb/${index}?q=%20+&&c`, body: `text ${index}` },
      { method: 'OPTIONS', path: `/json/${index}` },
    ]
    return kinds[index % kinds.length] ?? { method: 'GET', path: '/' }
  })
}

async function startStaging(): Promise<{ server: Server; origin: string }> {
  const binary = randomBytes(10 * 1024 * 1024)
  let count = 0
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    if (path.startsWith('/missing')) response.writeHead(404, 'Nowhere To Be Found').end('no such thing')
    else if (path.startsWith('/gzip')) {
      const body = gzipSync(JSON.stringify({ path, fill: 'y'.repeat(5000) }))
      response
        .writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': body.length, ETag: '"g1"' })
        .end(body)
    } else if (path.startsWith('/empty')) response.writeHead(204).end()
    else if (path === '/binary')
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(binary)
    else if (path === '/count') response.end(String((count += 1)))
    else if (path.startsWith('/chunked')) {
      response.writeHead(200, { 'X-Case': 'Kept', 'x-lower': 'kept' })
      response.write('one,')
      response.end('two')
    } else if (path.startsWith('/repeats')) {
      const fields = [
        'Set-Cookie',
        'a=1',
        'Vary',
        'Accept',
        'Set-Cookie',
        'b=2',
        'X-Empty',
        '',
        'vary',
        'Origin',
      ]
      response.writeHead(200, [...fields, 'X-Latin', 'caf\xe9', 'Content-Length', '2']).end('{}')
    } else if (path === '/echo') request.pipe(response.writeHead(201, { 'Content-Type': 'application/json' }))
    else {
      const body = JSON.stringify({ method: request.method, path })
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
    }
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { server, origin: `http://127.0.0.1:${port}` }
}

async function ask(origin: string, { method, path, headers = {}, body }: Asked): Promise<Got> {
  const { hostname, port } = new URL(origin)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = httpRequest({ hostname, port, method, path, headers, agent: false }, resolve)
  sent.on('error', reject).end(body)
  const response = await promise
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    hash.update(chunk)
  }
  const fields = response.rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && !HOP_BY_HOP.has(name.toLowerCase())
      ? [`${name}: ${response.rawHeaders[index + 1]}`]
      : [],
  )
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers: fields,
    bytes,
    sha256: hash.digest('hex'),
  }
}
