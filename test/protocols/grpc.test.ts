import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
} from '@grpc/grpc-js'
import { recordingThenReplaying, type Listening } from '../support/recorded-then-replayed.ts'
import { LOCALHOST } from '../support/tls-fixture.ts'

const same = (bytes: Buffer): Buffer => bytes
const method = (path: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
})
const SERVICE = { upper: method('/t.Text/Upper', false), spell: method('/t.Text/Spell', true) }

test('a gRPC client makes its unary and streaming calls, and their errors, from the replay with the service gone', async (t) => {
  const service = await textService(t)
  const { record, replay } = await recordingThenReplaying(t, service.url, {
    tls: true,
    insecureUpstream: true,
  })
  const recorded = await calls(t, record)
  service.stop()
  assert.deepEqual(await calls(t, await replay()), recorded)
  assert.deepEqual(recorded, {
    upper: 'HELLO',
    refused: [status.INVALID_ARGUMENT, 'nothing to do', ['no']],
    letters: ['a', 'b', 'c'],
    status: [status.OK, ['3']],
  })
})

async function calls(t: TestContext, { port, authorityFile }: Listening) {
  const client = new Client(`localhost:${port}`, credentials.createSsl(readFileSync(authorityFile)))
  t.after(() => client.close())
  const upper = (text: string) =>
    new Promise<Buffer | undefined>((resolve, reject) => {
      client.makeUnaryRequest(SERVICE.upper.path, same, same, Buffer.from(text), (error, answer) => {
        if (error === null) resolve(answer)
        else reject(error)
      })
    })
  const refused: unknown = await upper('').then(
    () => assert.fail('was not refused'),
    ({ code, details, metadata }: StatusObject) => [code, details, metadata.get('x-why')],
  )
  const letters: string[] = []
  const ending = Promise.withResolvers<StatusObject>()
  const stream = client.makeServerStreamRequest(SERVICE.spell.path, same, same, Buffer.from('abc'))
  stream.on('data', (letter: Buffer) => letters.push(letter.toString()))
  stream.on('status', (ended: StatusObject) => ending.resolve(ended))
  stream.on('error', () => {})
  const { code, metadata } = await ending.promise
  return { upper: String(await upper('hello')), refused, letters, status: [code, metadata.get('x-count')] }
}

async function textService(t: TestContext): Promise<{ readonly url: string; stop(): void }> {
  const server = new Server()
  server.addService(SERVICE, {
    upper({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      const metadata = new Metadata()
      metadata.set('x-why', 'no')
      if (request.length > 0) answer(null, Buffer.from(request.toString().toUpperCase()))
      else answer({ code: status.INVALID_ARGUMENT, details: 'nothing to do', metadata })
    },
    spell(call: ServerWritableStream<Buffer, Buffer>) {
      const letters = call.request.toString().split('')
      for (const letter of letters) call.write(Buffer.from(letter))
      const metadata = new Metadata()
      metadata.set('x-count', String(letters.length))
      call.end(metadata)
    },
  })
  const identity = { cert_chain: Buffer.from(LOCALHOST.cert), private_key: Buffer.from(LOCALHOST.key) }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [identity]), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  const stop = (): void => server.forceShutdown()
  t.after(stop)
  return { url: `https://127.0.0.1:${port}`, stop }
}
