import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { resealServer } from '../demo/reseal-process.ts'
import { verifySnapshot, type Verdict } from '../../src/store/snapshot-verify.ts'
import { ask } from './client.ts'
import { serveUpstream } from './upstream.ts'

export interface DiskFullResult {
  readonly asked: number
  /** Answers that were not what the backend said. */
  readonly wrong: number
  readonly exitCode: number | null
  readonly stderr: string
  readonly verdict: Verdict
}

/**
 * Records onto a file system of its own that fills up, gets room again, and fills no more. Needs root, for the mount.
 * @param requests while it is full
 */
export async function fillDisk(directory: string, requests: number): Promise<DiskFullResult> {
  const disk = join(directory, 'snapshots')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk])
  const bodies = new Map<string, Buffer>()
  const upstream = await serveUpstream((request, response) => {
    const body = randomBytes(60_000)
    bodies.set(request.url ?? '', body)
    response.end(body)
  })
  try {
    const recorder = await resealServer(
      ['record', 'full', '--target', upstream.url, '--listen', '127.0.0.1:0'],
      directory,
    )
    let asked = 0
    let wrong = 0
    const askOne = async (): Promise<void> => {
      asked += 1
      const target = `/${asked}`
      const { body } = await ask({ url: (recorder.urls[0] ?? '') + target })
      if (!body.equals(bodies.get(target) ?? Buffer.alloc(0))) wrong += 1
    }
    for (let sent = 0; sent < requests; sent += 8) await Promise.all(Array.from({ length: 8 }, askOne))
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    for (let sent = 0; sent < 8; sent += 1) await askOne()
    const { code, stderr } = await recorder.stop()
    const verdict = verifySnapshot(join(disk, 'full.db'))
    return { asked, wrong, exitCode: code, stderr, verdict }
  } finally {
    upstream.close()
    execFileSync('umount', ['-l', disk])
  }
}
