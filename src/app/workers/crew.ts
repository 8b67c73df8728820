import type { Socket } from 'node:net'
import { errorMessage } from '../../core/errors.ts'
import { oneAfterAnother } from '../../core/one-after-another.ts'
import { addedCounts, type VerdictCounts } from '../../respond/traffic.ts'
import type { ReplayFaultDefinition } from '../../transform/document/fault-schema.ts'
import { machineClock } from './machine-clock.ts'
import type { WorkerNews, WorkerOrders, WorkerPlan } from './messages.ts'
import { startHand, type Hand, type HandOptions } from './hand.ts'

/** The workers of a replay, as its primary sees them. */
export interface Crew {
  /** Starts them; each serves once it is ready. */
  begin(orders: WorkerOrders): void
  /** Gives a connection to a worker, if it is one's turn. */
  share(listener: number, socket: Socket): boolean
  /** Resolves when every worker asks for everything. */
  yield(): Promise<void>
  /** Has workers answer what is settled in another plan; undefined where they are to ask for everything. */
  serve(plan: WorkerPlan | undefined): void
  /** Resolves when every worker knows the faults that are set, and all that was answered until now has been told. */
  sync(): Promise<void>
  /** Resolves when all workers that were started take connections and know of the plan that serves; and once it closes. */
  joined(): Promise<void>
  /** Process ids of those that serve. */
  pids(): readonly number[]
  usage(): { readonly cpuMicros: number; readonly rssBytes: number }
  /** Requests by verdict that workers answered, those too that have ended, as of the last sync. */
  counts(): VerdictCounts
  /** Lets all finish what is under way, and ends them. */
  close(): Promise<void>
}

export interface CrewOptions extends Pick<HandOptions, 'answerers' | 'keepOf' | 'clock' | 'onError'> {
  /** How many, the primary left out. */
  readonly count: number
  /**
   * The share of time in which the primary was busy since this was last asked. With it, each worker is started when
   * connections come and those before it are busy; undefined starts all at once.
   */
  readonly busy: (() => number) | undefined
  readonly faults: () => readonly ReplayFaultDefinition[]
  /** What the primary itself has answered since it was last asked. */
  readonly own: () => Pick<WorkerNews, 'entries' | 'count'>
  /** Told what all have answered. @param upToMs nothing earlier is told later */
  readonly onNews: (news: readonly Pick<WorkerNews, 'entries' | 'count'>[], upToMs: number) => void
  /** Told what a worker has done since it was last asked. */
  readonly onTold: (news: WorkerNews) => void
  readonly onLog: (line: string) => void
}

/** A worker that ends is replaced so often in so long. */
const MOST_REPLACED = 5
const REPLACED_IN_MS = 60_000
/** Who does not say in this time that it asks for everything is ended. */
const YIELD_MS = 5000
/** How often it is looked whether another worker is wanted, and from which share of time on it is. */
const LOOK_MS = 1000
const BUSY = 0.8
/** What was answered is told without being asked for within this. */
const TELL_MS = 1000

/** A crew that has not begun. */
export function createCrew(options: CrewOptions): Crew {
  const { count, busy, onLog } = options
  const hands = new Set<Hand>()
  const machineMs = machineClock()
  const replacedAt: number[] = []
  const left: { cpuMicros: number; counts: VerdictCounts } = { cpuMicros: 0, counts: {} }
  let orders: WorkerOrders | undefined
  let plan: WorkerPlan | undefined
  let turn = 0
  let telling: NodeJS.Timeout | undefined
  let isClosing = false
  /** Connections since it was last looked whether another worker is wanted. */
  let connections = 0
  let growing: NodeJS.Timeout | undefined
  let waiting: (() => void)[] = []

  const serving = (): readonly Hand[] => [...hands].filter(({ isReady }) => isReady())
  const tellWaiting = (): void => {
    const now = waiting
    waiting = []
    for (const look of now) look()
  }
  const tellSoon = (): void => {
    telling ??= setTimeout(() => {
      telling = undefined
      void sync()
    }, TELL_MS).unref()
  }
  const takeIn = (hand: Hand, news: WorkerNews): void => {
    hand.last = news
    options.onTold(news)
  }
  const serveBy = async (hand: Hand): Promise<void> => {
    const own = plan
    try {
      if (own !== undefined && !(await hand.channel.ask('serve', own)) && own === plan)
        onLog(`worker ${hand.pid} asks for everything: the snapshot has changed since it was loaded`)
    } catch (error) {
      if (hand.isReady()) onLog(`worker ${hand.pid} asks for everything: ${errorMessage(error)}`)
    }
    if (own === plan) hand.isSettled = true
    tellWaiting()
  }
  const start = (): void => {
    if (orders === undefined || isClosing) return
    const hand = startHand(orders, { ...options, onBusy: tellSoon })
    hands.add(hand)
    void hand.ready.then(
      () => {
        if (!isClosing) onLog(`worker ${hand.pid} serves`)
        return serveBy(hand)
      },
      // Its end says why.
      () => {},
    )
    void hand.ended.then((how) => {
      hands.delete(hand)
      left.cpuMicros += hand.last?.cpuMicros ?? 0
      left.counts = addedCounts(left.counts, hand.last?.counts ?? {})
      if (isClosing) return
      const now = performance.now()
      replacedAt.push(now)
      const isTooMany = replacedAt.filter((at) => now - at < REPLACED_IN_MS).length > MOST_REPLACED
      onLog(
        `worker ${hand.pid} ended (${how}); ${isTooMany ? `it is not replaced, after ${MOST_REPLACED} that ended within a minute` : 'another one takes its place'}`,
      )
      if (!isTooMany) start()
      tellWaiting()
    })
  }
  /** Connections that are there already stay where they are: a worker is of use to those that come. */
  const grow = (load: () => number): void => {
    const isWanted = load() > BUSY && connections > 0 && hands.size === serving().length
    connections = 0
    if (isWanted && hands.size < count) start()
  }
  const sync = oneAfterAnother(async () => {
    const faults = options.faults()
    const upToMs = machineMs(performance.now())
    const own = options.own()
    const told = await Promise.all(
      serving().map(async (hand) => {
        // Of one that has just ended there is no news.
        const news = await hand.channel.ask('sync', faults).catch(() => undefined)
        if (news !== undefined) takeIn(hand, news)
        return news
      }),
    )
    options.onNews([own, ...told.filter((news) => news !== undefined)], upToMs)
  })
  return {
    begin: (given) => {
      orders = given
      if (busy === undefined) for (let made = 0; made < count; made += 1) start()
      else growing = setInterval(() => grow(busy), LOOK_MS).unref()
    },
    share: (listener, socket) => {
      connections += 1
      const ready = serving()
      turn = (turn + 1) % (ready.length + 1)
      const hand = ready[turn - 1]
      if (hand === undefined || isClosing) return false
      hand.channel.note('connection', { listener }, socket)
      return true
    },
    yield: async () => {
      // Whoever joins meanwhile asks for everything, too.
      plan = undefined
      await Promise.all(
        serving().map(async (hand) => {
          hand.isSettled = false
          const patience = setTimeout(() => hand.kill(), YIELD_MS)
          const news = await hand.channel.ask('yield', null).catch(() => undefined)
          clearTimeout(patience)
          if (news === undefined) return
          takeIn(hand, news)
          options.onNews([news], -Infinity)
        }),
      )
    },
    serve: (next) => {
      plan = next
      for (const hand of serving()) void serveBy(hand)
    },
    sync,
    joined: async () => {
      const isMissing = (): boolean => !isClosing && [...hands].some(({ isSettled }) => !isSettled)
      while (isMissing()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    pids: () => serving().map(({ pid }) => pid),
    usage: () => {
      const now = [...hands].flatMap(({ last }) => last ?? [])
      return {
        cpuMicros: left.cpuMicros + now.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
        rssBytes: now.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      }
    },
    counts: () => [...hands].reduce((sum, { last }) => addedCounts(sum, last?.counts ?? {}), left.counts),
    close: async () => {
      isClosing = true
      clearTimeout(telling)
      clearInterval(growing)
      tellWaiting()
      const told = await Promise.all(
        [...hands].map(async (hand) => {
          const news = await hand.drain()
          if (news !== undefined) takeIn(hand, news)
          await hand.end()
          return news
        }),
      )
      options.onNews([options.own(), ...told.filter((news) => news !== undefined)], Infinity)
    },
  }
}
