import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BigSnapshotKind } from './big-snapshot.ts'

/** What one measurement asks for, over and over. */
export type LoadTarget =
  /** `GET` of one path. */
  | { readonly kind: 'path'; readonly path: string }
  /** Of a large snapshot, one of its pairs after the other at random, each as likely. */
  | { readonly kind: BigSnapshotKind; readonly pairs: number }

export interface LoadOrders {
  readonly port: number
  readonly target: LoadTarget
  readonly connections: number
  readonly seconds: number
  /** Bytes of every answer's body; any other answer ends the run. */
  readonly bodyBytes: number
  /** The client sleeps while it waits for answers; default it does not. */
  readonly sleeps?: boolean
}

export interface LoadResult {
  readonly perSecond: number
  readonly p99Ms: number
  /** CPU time of the server for a request, all threads, user and system, in microseconds, as the kernel counts it. */
  readonly cpuUs: number
}

/** Loads a server from a process of its own. @throws Error when an answer is not the right one */
export async function load(orders: LoadOrders, serverPid: number): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'load-process.ts'))
  const exited = once(child, 'exit')
  child.send(orders)
  const before = cpuUsOf(serverPid)
  const [result] = await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`port ${orders.port} gave a wrong answer`))),
  ])
  const cpuUs = (cpuUsOf(serverPid) - before) / result.requests
  await exited
  return { perSecond: result.requests / orders.seconds, p99Ms: result.p99Ms, cpuUs }
}

/** CPU time of a process and its threads, in microseconds. Linux counts it in ticks of 10 ms. */
export function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Memory of a process that is in RAM, and the most that was, in megabytes. */
export function memoryOf(pid: number): { readonly rssMb: number; readonly peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return { rssMb: mb('VmRSS'), peakMb: mb('VmHWM') }
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
