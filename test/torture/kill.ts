import * as http from 'node:http'
import { join } from 'node:path'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { resealServer } from '../demo/reseal-process.ts'
import { ask } from './client.ts'
import { answerTo, echoTarget, serveUpstream } from './upstream.ts'

export interface KillOptions {
  /** Holds `snapshots/`; the snapshot is `killed`. */
  readonly directory: string
  readonly rounds: number
  readonly clients: number
  readonly durability: 'normal' | 'full' | 'relaxed'
}

/** What SIGKILL left behind. */
export interface KillResult {
  /** Exchanges whose last byte a client had, in all rounds. */
  readonly delivered: number
  /** Of those, the ones that are not in the snapshot as they were, and the most of one round. */
  readonly missing: number
  readonly missingAtMost: number
  readonly problems: readonly string[]
}

/**
 * Records under load, kills the recorder at a moment of its own choice, looks at what is there, and goes on with
 * `--append`: round after round into one snapshot.
 */
export async function killRounds(options: KillOptions): Promise<KillResult> {
  const upstream = await serveUpstream(echoTarget)
  const file = join(options.directory, 'snapshots', 'killed.db')
  const delivered: string[] = []
  const problems: string[] = []
  let missing = 0
  let missingAtMost = 0
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const targets = await recordUntilKilled(options, upstream.url, round)
      const lost = missingFrom(file, targets)
      delivered.push(...targets)
      missing += lost
      missingAtMost = Math.max(missingAtMost, lost)
      // Reading all of a snapshot that grows, after every round, would be most of the time.
      if (round % VERIFIED_EVERY === 0 || round === options.rounds - 1) {
        problems.push(...verifySnapshot(file).problems)
      }
    }
  } finally {
    upstream.close()
  }
  return { delivered: delivered.length, missing, missingAtMost, problems }
}

const VERIFIED_EVERY = 10

async function recordUntilKilled(
  { directory, clients, durability }: KillOptions,
  target: string,
  round: number,
): Promise<readonly string[]> {
  const recorder = await resealServer(
    [
      'record',
      'killed',
      '--target',
      target,
      '--listen',
      '127.0.0.1:0',
      '--append',
      '--durability',
      durability,
    ],
    directory,
  )
  const delivered: string[] = []
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients })
  const enough = 20 + ((round * 131) % 900)
  let next = 0
  let killed = false
  const client = async (): Promise<void> => {
    while (!killed) {
      next += 1
      const request = requestOf(round, next)
      try {
        const { body } = await ask({ ...request, url: (recorder.urls[0] ?? '') + request.target, agent })
        if (body.toString() === answerTo(request.target)) delivered.push(request.target)
        if (delivered.length >= enough && !killed) {
          killed = true
          process.kill(recorder.pid, 'SIGKILL')
        }
      } catch {
        // Its recorder was killed under it.
        killed = true
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  await recorder.stop()
  agent.destroy()
  return delivered
}

function requestOf(round: number, number: number) {
  const kind = ['get', 'post', 'get', 'early'][number % 4] ?? 'get'
  const target = `/${kind}/${round}/${number}`
  if (kind === 'get') return { target, method: 'GET' }
  return { target, method: 'POST', body: `${target} `.repeat(20), answerFirst: kind === 'early' }
}

/** How many of these targets the snapshot does not have with their answers, and with their questions where those had ended. */
function missingFrom(file: string, targets: readonly string[]): number {
  const reader = openSnapshot(file)
  const stored = new Map([...reader.heads()].map(({ id, request }) => [request.target, id]))
  const missing = targets.filter((target) => {
    const pair = reader.pair(stored.get(target) ?? 0)
    const answered = Buffer.from(pair?.response?.body ?? []).toString() === answerTo(target)
    const asked = Buffer.from(pair?.request.body ?? []).toString()
    return !answered || !(target.startsWith('/post') ? asked === `${target} `.repeat(20) : true)
  })
  reader.close()
  return missing.length
}
