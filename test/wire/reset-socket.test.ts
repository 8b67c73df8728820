import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, Socket, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { resetSocket } from '../../src/wire/reset-socket.ts'

test('a connection is reset', async (t) => {
  const { here, there } = await connected(t)
  resetSocket(here)
  await assert.rejects(once(there, 'close'), { code: 'ECONNRESET' })
})

test('a connection whose end is on its way is closed, and no handle of it stays', async (t) => {
  const { here, there } = await connected(t)
  const closed = Promise.all([once(here, 'close'), once(there, 'close')])
  here.end()
  resetSocket(here)
  assert.deepEqual((await closed).flat(), [false, false])
})

async function connected(t: TestContext): Promise<{ readonly here: Socket; readonly there: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const there = connect(port, '127.0.0.1')
  const [here]: unknown[] = await once(server, 'connection')
  assert.ok(here instanceof Socket)
  t.after(() => {
    there.destroy()
    server.close()
  })
  return { here, there: there.resume() }
}
