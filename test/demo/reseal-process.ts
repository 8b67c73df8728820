import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const RESEAL = join(import.meta.dirname, '../../bin/reseal.mjs')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A reseal that serves, as a user starts it: its own process, known by its ready lines. */
export interface ResealServer {
  /** One for each listener, in order. */
  readonly urls: readonly string[]
  readonly pid: number
  /** Asks it to end (SIGTERM) and waits until it has. */
  stop(): Promise<Finished>
}

/** Runs one command to its end. */
export async function reseal(args: readonly string[], cwd: string): Promise<Finished> {
  return collectFrom(start(args, cwd)).ended
}

/** Starts a server and waits for as many ready lines. @throws Error with what it said, when it ends before */
export async function resealServer(
  args: readonly string[],
  cwd: string,
  listeners = 1,
  env = process.env,
): Promise<ResealServer> {
  const child = start(args, cwd, env)
  const { ended, said } = collectFrom(child)
  const { promise: ready, resolve } = Promise.withResolvers<readonly string[]>()
  child.stderr.on('data', () => {
    const urls = [...said().matchAll(/^reseal ready \w+ (\S+)$/gm)].map((line) => line[1] ?? '')
    if (urls.length >= listeners) resolve(urls)
  })
  const urls = await Promise.race([
    ready,
    ended.then(({ stderr }) => Promise.reject(new Error(`reseal ended: ${stderr}`))),
  ])
  // A test that fails before it stops its server must not keep the whole run waiting for it.
  const abandon = (): void => void child.kill('SIGKILL')
  process.once('exit', abandon)
  void ended.then(() => process.off('exit', abandon))
  hold(child, false)
  return {
    urls,
    pid: child.pid ?? 0,
    stop: () => {
      hold(child, true)
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Whether the process waits for this one before it ends. */
function hold(child: Child, held: boolean): void {
  for (const one of [child, child.stdout, child.stderr]) {
    if (!isHolding(one)) continue
    if (held) one.ref()
    else one.unref()
  }
}

function isHolding(value: object): value is { ref(): void; unref(): void } {
  return 'ref' in value && 'unref' in value
}

type Child = ReturnType<typeof start>

function start(
  args: readonly string[],
  cwd: string,
  env = process.env,
): import('node:child_process').ChildProcessByStdio<
  null,
  import('node:stream').Readable,
  import('node:stream').Readable
> {
  return spawn(process.execPath, [RESEAL, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

function collectFrom(child: Child): { ended: Promise<Finished>; said: () => string } {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => ({
    code: typeof code === 'number' ? code : null,
    stdout,
    stderr,
  }))
  return { ended, said: () => stderr }
}
