import { spawn, type ChildProcess } from 'node:child_process'
import { bigSnapshotPair } from '../support/big-snapshot.ts'

/** A program that is measured beside reseal. */
export interface Rival {
  readonly name: string
  /**
   * Writes what it needs to answer `GET /items/1` … `GET /items/<stubs>` as the large snapshots do.
   * @returns how to start it on a port
   */
  prepare(stubs: number, directory: string, port: number): Promise<Command>
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** What a rival is to answer: all of its stubs, in order. */
export function* stubsOf(count: number): Generator<{ readonly path: string; readonly body: string }> {
  for (let id = 1; id <= count; id += 1) {
    const { request, response } = bigSnapshotPair('items', id)
    yield { path: request.target, body: Buffer.from(response?.body ?? []).toString() }
  }
}

/** Starts a command; what it says is thrown away. */
export function startCommand({ program, args, env = {} }: Command, directory: string): ChildProcess {
  return spawn(program, [...args], { cwd: directory, stdio: 'ignore', env: { ...process.env, ...env } })
}

/** Waits until the last stub is answered right. @returns milliseconds it took; undefined when it never was */
export async function waitUntilUp(
  child: ChildProcess,
  port: number,
  stubs: number,
  mostMs: number,
): Promise<number | undefined> {
  const startedMs = performance.now()
  const { request, response } = bigSnapshotPair('items', stubs)
  const right = Buffer.from(response?.body ?? []).toString()
  while (child.exitCode === null && performance.now() - startedMs < mostMs) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${request.target}`, {
        signal: AbortSignal.timeout(5000),
      })
      if (answer.status === 200 && (await answer.text()) === right) return performance.now() - startedMs
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return undefined
}
