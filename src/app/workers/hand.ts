import { fork, type ChildProcess } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { extname } from 'node:path'
import type { HttpRequest } from '../../core/exchange.ts'
import type { Clock, EpochMs } from '../../core/time.ts'
import type { ReplayAnswer } from '../../respond/replay-answer.ts'
import { failureOf } from '../../store/writer-messages.ts'
import type { ListenerAnswers } from '../replay-listeners.ts'
import { openChannel, type Channel } from './channel.ts'
import type {
  ForwardedRequest,
  GivenAnswer,
  KeptAnswer,
  PrimaryCalls,
  PrimaryNotes,
  WorkerCalls,
  WorkerNews,
  WorkerNotes,
  WorkerOrders,
} from './messages.ts'

/** One worker of a crew. */
export interface Hand {
  readonly pid: number
  readonly channel: Channel<WorkerCalls, WorkerNotes>
  /** Resolves when it takes connections; rejects when it ended before. */
  readonly ready: Promise<unknown>
  isReady(): boolean
  /** It has been told of the plan that serves. */
  isSettled: boolean
  /** It has been so once. */
  hasJoined: boolean
  /** It has got any. */
  hasConnections: boolean
  /** What it told last. */
  last: WorkerNews | undefined
  /** Resolves with how it ended. */
  readonly ended: Promise<string>
  /** Lets it finish what is under way; undefined where it had ended before it could tell. */
  drain(): Promise<WorkerNews | undefined>
  /** Ends it, and resolves when it has. */
  end(): Promise<void>
  kill(): void
}

export interface HandOptions {
  /** What answers at each listener. */
  readonly answerers: () => readonly ListenerAnswers[]
  /** What an answer may be given again for. @param askedMs when it was asked for; it was made since */
  readonly keepOf: (answer: ReplayAnswer, askedMs: EpochMs) => KeptAnswer | undefined
  readonly clock: Clock
  readonly onError: (error: unknown) => void
  /** It has answered something since it was last asked. */
  readonly onBusy: () => void
}

/** A worker that is told to end does so at once. */
const END_MS = 2000
/** Longer than answers under way may take when a server closes. */
const DRAIN_MS = 12_000

/** Starts a worker, whose requests are answered as if they had come to this process. */
export function startHand(orders: WorkerOrders, options: HandOptions): Hand {
  const child = startProcess()
  const passages = new Map<number, (status: number) => void>()
  const connections = new Map<number, object>()
  let passageCount = 0
  let hasBegun = false

  const requestOf = ({ request, connection }: ForwardedRequest): HttpRequest => {
    if (connection === 0) return request
    const known = connections.get(connection) ?? {}
    connections.set(connection, known)
    return { ...request, connection: known }
  }
  const given = async (make: () => ReplayAnswer): Promise<GivenAnswer> => {
    const askedMs = options.clock()
    const answer = make()
    const keep = options.keepOf(answer, askedMs)
    const { memo: _memo, ...response } = await answer.response
    const relay = response.delivery?.relay
    if (relay === undefined) return { kind: 'response', response, keep }
    passageCount += 1
    passages.set(passageCount, relay.answered)
    return { kind: 'passage', target: relay.target, passage: passageCount }
  }
  const at = (listener: number): ListenerAnswers | undefined => options.answerers()[listener]
  const channel = openChannel<WorkerCalls, WorkerNotes, PrimaryCalls, PrimaryNotes>(child, {
    calls: {
      answer: (forwarded) => {
        const answerers = at(forwarded.listener)
        if (answerers === undefined) throw new Error('there is no such listener')
        return given(() => answerers.answer(requestOf(forwarded)))
      },
      refusal: (forwarded) => {
        const refused = at(forwarded.listener)?.refuse(requestOf(forwarded))
        return refused && given(() => refused)
      },
    },
    notes: {
      busy: options.onBusy,
      passed: ({ passage, status }) => {
        passages.get(passage)?.(status)
        passages.delete(passage)
      },
      left: ({ connection }) => connections.delete(connection),
      failed: (note) => options.onError(failureOf(note)),
    },
  })
  const ended = endOf(child).then((how) => {
    for (const answered of passages.values()) answered(0)
    return how
  })
  const ready = channel.ask('begin', orders).then(() => {
    hasBegun = true
  })
  return {
    pid: child.pid ?? 0,
    channel,
    ready,
    isReady: () => hasBegun && child.connected,
    isSettled: false,
    hasJoined: false,
    hasConnections: false,
    last: undefined,
    ended,
    drain: async () => {
      const patience = setTimeout(() => child.kill('SIGKILL'), DRAIN_MS)
      const news = await channel.ask('drain', null).catch(() => undefined)
      clearTimeout(patience)
      return news
    },
    end: async () => {
      const patience = setTimeout(() => child.kill('SIGKILL'), END_MS)
      if (child.connected) child.disconnect()
      await ended
      clearTimeout(patience)
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Of a process that could not be started there is no more than an error. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(error.message)
    })
  })
}

function startProcess(): ChildProcess {
  // In a checkout this is TypeScript, in a package JavaScript.
  const script = new URL(`./worker-process${extname(import.meta.url)}`, import.meta.url)
  const cache = getCompileCacheDir()
  return fork(script, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) },
  })
}
