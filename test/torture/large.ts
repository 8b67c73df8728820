import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { resealServer } from '../demo/reseal-process.ts'
import { serveUpstream } from './upstream.ts'

export interface LargeResult {
  readonly downHashesEqual: boolean
  readonly upHashesEqual: boolean
  /** How much more memory the recorder had at its most than before. */
  readonly growthMb: number
}

/** One body of so many bytes down, and one up. */
export async function passLarge(directory: string, bytes: number): Promise<LargeResult> {
  const sent = createHash('sha256')
  const arrived = createHash('sha256')
  const upstream = await serveUpstream((request, response) => {
    if (request.method === 'GET') {
      void writeBytes(response, bytes, sent)
      return
    }
    request.on('data', (chunk: Buffer) => arrived.update(chunk))
    request.once('end', () => response.end('thanks'))
  })
  try {
    const recorder = await resealServer(
      ['record', 'large', '--target', upstream.url, '--listen', '127.0.0.1:0'],
      directory,
    )
    const before = memoryMb(recorder.pid, 'VmRSS')
    const got = createHash('sha256')
    const down = httpRequest(`${recorder.urls[0]}/down`)
    down.end()
    const [response] = await once(down, 'response')
    for await (const chunk of response) got.update(chunk)

    const given = createHash('sha256')
    const up = httpRequest(`${recorder.urls[0]}/up`, { method: 'POST' })
    void writeBytes(up, bytes, given)
    const [thanks] = await once(up, 'response')
    for await (const chunk of thanks) void chunk
    const growthMb = memoryMb(recorder.pid, 'VmHWM') - before
    await recorder.stop()
    return {
      downHashesEqual: got.digest('hex') === sent.digest('hex'),
      upHashesEqual: given.digest('hex') === arrived.digest('hex'),
      growthMb,
    }
  } finally {
    upstream.close()
  }
}

async function writeBytes(
  stream: NodeJS.WritableStream,
  bytes: number,
  hash: ReturnType<typeof createHash>,
): Promise<void> {
  const chunk = Buffer.alloc(256 * 1024)
  for (let written = 0; written < bytes; written += chunk.length) {
    chunk.writeUInt32LE(written >>> 0, 0)
    const piece = Buffer.from(chunk.subarray(0, Math.min(chunk.length, bytes - written)))
    hash.update(piece)
    if (!stream.write(piece)) await once(stream, 'drain')
  }
  stream.end()
}

/** Memory of a process in megabytes, by its name in `/proc/PID/status`. */
export function memoryMb(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
}
