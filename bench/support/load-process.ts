import { connect, type Socket } from 'node:net'
import { bigSnapshotOrder } from './big-snapshot.ts'
import type { LoadOrders, LoadTarget } from './load.ts'

// Loads a server over raw sockets, one request at a time on each: a client that costs less than the server it
// measures. Every answer is looked at: its status, and as many bytes as it must have. Unless told, the client never
// sleeps: to wake one is work of the server's, which only a server pays that is slower than its client.
process.once('message', (orders: LoadOrders) => run(orders))

/** Latencies are counted in steps of 10 µs, up to a second. */
const STEP_MS = 0.01
const STEPS = 100_000

function run({ port, target, connections, seconds, bodyBytes, sleeps }: LoadOrders): void {
  if (sleeps !== true) stayAwake()
  const next = requestsOf(target)
  const counts = new Uint32Array(STEPS)
  const sockets: Socket[] = []
  let requests = 0
  const done = (tookMs: number): void => {
    requests += 1
    const step = Math.min(STEPS - 1, Math.floor(tookMs / STEP_MS))
    counts[step] = (counts[step] ?? 0) + 1
  }
  for (let at = 0; at < connections; at += 1) sockets.push(client(port, next, bodyBytes, done))
  setTimeout(() => {
    for (const socket of sockets) socket.destroy()
    process.send?.({ requests, p99Ms: quantile(counts, requests, 0.99) }, () => process.exit(0))
  }, seconds * 1000)
}

function stayAwake(): void {
  setImmediate(stayAwake)
}

function client(port: number, next: () => string, bodyBytes: number, done: (tookMs: number) => void): Socket {
  const socket = connect(port, '127.0.0.1')
  let startedMs = 0
  let headBytes = -1
  let got = 0
  const ask = (): void => {
    got = 0
    headBytes = -1
    startedMs = performance.now()
    socket.write(next(), 'latin1')
  }
  socket.setNoDelay(true)
  socket.on('connect', ask)
  socket.on('data', (chunk) => {
    // A head comes whole with its first bytes: it is small, and written at once.
    if (headBytes === -1) headBytes = headLength(chunk, bodyBytes)
    got += chunk.length
    if (got < headBytes + bodyBytes) return
    if (got > headBytes + bodyBytes) fail(`${got} bytes`)
    done(performance.now() - startedMs)
    ask()
  })
  socket.on('error', (error) => fail(error.message))
  socket.on('end', () => fail('the connection was closed'))
  return socket
}

function headLength(chunk: Buffer, bodyBytes: number): number {
  const end = chunk.indexOf('\r\n\r\n')
  const head = chunk.toString('latin1', 0, end)
  if (end === -1 || !head.startsWith('HTTP/1.1 200 ')) fail(head)
  if (!/\r\ncontent-length: (\d+)/i.exec(head)?.[1]?.startsWith(String(bodyBytes))) fail(head)
  return end + 4
}

function fail(why: string): void {
  process.stderr.write(`load: ${why}\n`)
  process.exit(1)
}

function requestsOf(target: LoadTarget): () => string {
  if (target.kind === 'path') {
    const text = `GET ${target.path} HTTP/1.1\r\nHost: bench\r\n\r\n`
    return () => text
  }
  const { kind, pairs } = target
  const at = (): number => 1 + Math.floor(Math.random() * pairs)
  if (kind === 'items') return () => `GET /items/${at()} HTTP/1.1\r\nHost: bench\r\n\r\n`
  return () => {
    const body = bigSnapshotOrder(at())
    return `POST /orders HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
}

function quantile(counts: Uint32Array, total: number, share: number): number {
  let seen = 0
  for (const [step, count] of counts.entries()) {
    seen += count
    if (seen >= total * share) return (step + 1) * STEP_MS
  }
  return STEPS * STEP_MS
}
