import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { recordingThenReplaying } from '../support/recorded-then-replayed.ts'

const PYTHON = '/usr/bin/python3'
const withoutPython =
  spawnSync(PYTHON, ['-c', 'import websockets'], { stdio: 'ignore' }).status === 0
    ? false
    : 'Python has no websockets package here (Debian: python3-websockets)'

test('several WebSockets are recorded with ws, and replayed in their order with the upstream gone', async (t) => {
  const counter = await countingServer(t)
  const { record, replay } = await recordingThenReplaying(t, counter.url)
  const recorded = [await talk(record.port, ['a', 'b']), await talk(record.port, ['c'])]
  counter.stop()
  const { port } = await replay()
  assert.deepEqual([await talk(port, ['a', 'b']), await talk(port, ['c'])], recorded)
  assert.deepEqual(recorded, [
    ['session 1', 'a 1', 'b 2', 'closed 1000 bye'],
    ['session 2', 'c 1', 'closed 1000 bye'],
  ])
})

test('a session that is open when the recorder stops is recorded, and replayed', async (t) => {
  const counter = await countingServer(t)
  const { record, replay } = await recordingThenReplaying(t, counter.url)
  const client = new WebSocket(`ws://127.0.0.1:${record.port}/`)
  await once(client, 'message')
  const closed = once(client, 'close')
  const { port } = await replay()
  assert.equal((await closed)[0], 1001)
  const again = new WebSocket(`ws://127.0.0.1:${port}/`)
  const goodBye = once(again, 'close')
  const [hello] = await once(again, 'message')
  assert.equal(String(hello), 'session 1')
  assert.equal((await goodBye)[0], 1001)
})

test('Python’s websockets hears the same from the replay', { skip: withoutPython }, async (t) => {
  const counter = await countingServer(t)
  const { record, replay } = await recordingThenReplaying(t, counter.url)
  const recorded = await pythonTalk(record.port)
  counter.stop()
  assert.deepEqual(await pythonTalk((await replay()).port), recorded)
  assert.deepEqual(recorded, ['session 1', 'a 1', 'b 2'])
})

async function pythonTalk(port: number): Promise<unknown> {
  const script = `
import asyncio, json, websockets
async def main():
    async with websockets.connect("ws://127.0.0.1:${port}/") as ws:
        heard = [await ws.recv()]
        for text in ("a", "b"):
            await ws.send(text)
            heard.append(await ws.recv())
        await ws.ping()
        print(json.dumps(heard))
asyncio.run(main())
`
  const child = spawn(PYTHON, ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  await once(child, 'close')
  return JSON.parse(out)
}

/** Says a session's number, and counts what it is told. */
async function countingServer(t: TestContext): Promise<{ readonly url: string; stop(): void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
  let sessions = 0
  server.on('connection', (socket) => {
    sessions += 1
    let count = 0
    socket.send(`session ${sessions}`)
    socket.on('message', (data) => {
      count += 1
      socket.send(`${Buffer.isBuffer(data) ? data.toString() : ''} ${count}`)
    })
  })
  await once(server, 'listening')
  const stop = (): void => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  }
  t.after(stop)
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { url: `http://127.0.0.1:${address.port}`, stop }
}

async function talk(port: number, texts: readonly string[]): Promise<readonly string[]> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: { threshold: 0 } })
  const [hello] = await once(client, 'message')
  const heard = [String(hello)]
  for (const text of texts) {
    client.send(text)
    const [answer] = await once(client, 'message')
    heard.push(String(answer))
  }
  client.close(1000, 'bye')
  const [code, reason] = await once(client, 'close')
  return [...heard, `closed ${code} ${reason}`]
}
