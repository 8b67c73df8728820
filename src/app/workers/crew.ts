import type { Socket } from 'node:net'
import { errorMessage } from '../../core/errors.ts'
import { oneAfterAnother } from '../../core/one-after-another.ts'
import { addedCounts, type VerdictCounts } from '../../respond/traffic.ts'
import type { ReplayFaultDefinition } from '../../transform/document/fault-schema.ts'
import type { Growth } from './growth.ts'
import { machineClock } from './machine-clock.ts'
import type { WorkerNews, WorkerOrders, WorkerPlan } from './messages.ts'
import { startHand, type Hand, type HandOptions } from './hand.ts'
import { createRecentEnds, MOST_ENDS } from './recent-ends.ts'

/** The workers of a replay, as its primary sees them. */
export interface Crew {
  /** Starts them, or watches for when one is wanted; each serves once it is ready. */
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
  /** How many there may be. */
  readonly most: number
  usage(): { readonly cpuMicros: number; readonly rssBytes: number }
  /** Requests by verdict that workers answered, those too that have ended, as of the last sync. */
  counts(): VerdictCounts
  /** Lets all finish what is under way, and ends them. */
  close(): Promise<void>
}

export interface CrewOptions extends Pick<HandOptions, 'answerers' | 'keepOf' | 'clock' | 'onError'> {
  /** How many, the primary left out. */
  readonly count: number
  /** When each is started; undefined starts all at once. */
  readonly growth: WorkerGrowth | undefined
  readonly faults: () => readonly ReplayFaultDefinition[]
  /** What the primary itself has answered since it was last asked. */
  readonly own: () => Pick<WorkerNews, 'entries' | 'count'>
  /** Told what all have answered. @param upToMs nothing earlier is told later */
  readonly onNews: (news: readonly Pick<WorkerNews, 'entries' | 'count'>[], upToMs: number) => void
  /** Told what a worker has done since it was last asked. */
  readonly onTold: (news: WorkerNews) => void
  /**
   * Called when all that were started serve, so that they get their share of those who are connected already: has the
   * clients of this process connect anew.
   * @returns false where they must stay where they are, those of workers too
   */
  readonly renew: () => boolean
  readonly onLog: (line: string) => void
}

/** Has workers started one after another, as there is use for them. */
export interface WorkerGrowth extends Pick<Growth, 'watch'> {
  /** Whether a worker would have been of use, by what was answered since this was last asked. */
  isOfUse(): boolean
}

/** From this share of time on a process is busy. */
const BUSY = 0.8
/** Who does not say in this time that it asks for everything is ended. */
const YIELD_MS = 5000
/** What was answered is told without being asked for within this. */
const TELL_MS = 1000

/** A crew that has not begun. */
export function createCrew(options: CrewOptions): Crew {
  const { count, growth, onLog } = options
  const hands = new Set<Hand>()
  const machineMs = machineClock()
  const ends = createRecentEnds()
  const left: { cpuMicros: number; counts: VerdictCounts } = { cpuMicros: 0, counts: {} }
  let orders: WorkerOrders | undefined
  let plan: WorkerPlan | undefined
  let turn = 0
  let telling: NodeJS.Timeout | undefined
  let isClosing = false
  let stopGrowing = (): void => {}
  let waiting: (() => void)[] = []

  const serving = (): readonly Hand[] => [...hands].filter(({ isReady }) => isReady())
  const areAllSettled = (): boolean => [...hands].every(({ isSettled }) => isSettled)
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
  const join = (hand: Hand): void => {
    hand.hasJoined = true
    if (!areAllSettled() || !options.renew()) return
    for (const one of serving()) one.channel.note('renew', null)
  }
  const serveBy = async (hand: Hand): Promise<void> => {
    const own = plan
    try {
      if (own !== undefined && !(await hand.channel.ask('serve', own)) && own === plan)
        onLog(`worker ${hand.pid} asks for everything: the snapshot has changed since it was loaded`)
    } catch (error) {
      if (hand.isReady()) onLog(`worker ${hand.pid} asks for everything: ${errorMessage(error)}`)
    }
    if (own !== plan || isClosing || !hand.isReady()) return
    hand.isSettled = true
    if (!hand.hasJoined && plan !== undefined) join(hand)
    tellWaiting()
  }
  const start = (): Hand | undefined => {
    if (orders === undefined || isClosing) return undefined
    let hand: Hand
    try {
      hand = startHand(orders, { ...options, onBusy: tellSoon })
    } catch (error) {
      ends.note()
      onLog(`a worker could not be started: ${errorMessage(error)}`)
      return undefined
    }
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
      ends.note()
      const next = afterEnd(ends.areTooMany(), growth !== undefined)
      onLog(`worker ${hand.pid} ended (${how}); ${next.said}`)
      if (next.isReplaced) start()
      tellWaiting()
    })
    return hand
  }
  /** Another one joins when all are busy that serve, as far as it can be seen from here: each has got connections. */
  const look = (busy: number): void => {
    const isOfUse = growth?.isOfUse() === true
    if (busy < BUSY || !isOfUse || plan === undefined || hands.size >= count || ends.areTooMany()) return
    if (![...hands].every(({ isSettled, hasConnections }) => isSettled && hasConnections)) return
    const hand = start()
    if (hand !== undefined) onLog(`worker ${hand.pid} starts, since this process is busy`)
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
      if (growth !== undefined) stopGrowing = growth.watch(look)
      else for (let made = 0; made < count; made += 1) start()
    },
    share: (listener, socket) => {
      // Where workers would ask for everything, asking would be all that they are for.
      if (plan === undefined || isClosing) return false
      const ready = serving().filter(({ isSettled }) => isSettled)
      turn = (turn + 1) % (ready.length + 1)
      const hand = ready[turn - 1]
      if (hand === undefined) return false
      hand.hasConnections = true
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
      const isMissing = (): boolean => !isClosing && !areAllSettled()
      while (isMissing()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    pids: () => serving().map(({ pid }) => pid),
    most: count,
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
      stopGrowing()
      tellWaiting()
      const told = await Promise.all(
        [...hands].map(async (hand) => {
          // One that has not begun yet has nothing under way.
          if (!hand.isReady()) hand.kill()
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

/** What becomes of the place of a worker that has ended. */
function afterEnd(
  areTooMany: boolean,
  isGrowing: boolean,
): { readonly said: string; readonly isReplaced: boolean } {
  const after = `after ${MOST_ENDS} that ended within a minute`
  if (isGrowing) {
    const said = areTooMany
      ? `none is started for a while, ${after}`
      : 'another one is started when there is use for it'
    return { said, isReplaced: false }
  }
  if (areTooMany) return { said: `it is not replaced, ${after}`, isReplaced: false }
  return { said: 'another one takes its place', isReplaced: true }
}
