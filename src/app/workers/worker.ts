import type { HttpRequest, HttpResponse } from '../../core/exchange.ts'
import { createTraffic } from '../../respond/traffic.ts'
import { serveHanded } from '../../wire/server.ts'
import { asksForMetadata } from '../issuer-metadata-paths.ts'
import { passage, passthrough } from '../passthrough.ts'
import { openChannel, portable } from './channel.ts'
import { connectionNumbers } from './connection-numbers.ts'
import type {
  GivenAnswer,
  PrimaryCalls,
  PrimaryNotes,
  WorkerCalls,
  WorkerListener,
  WorkerNews,
  WorkerNotes,
  WorkerOrders,
} from './messages.ts'
import { ownNews } from './own-news.ts'
import { openSettledPlan } from './settled-plan.ts'

/**
 * The life of a worker: it serves the connections that the primary hands over, answers by itself what is settled, and
 * asks the primary for all else. It heeds no signal, since the primary says when it is over, and it ends with its channel.
 */
export function startWorker(peer: NodeJS.Process): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('disconnect', () => process.exit(0))
  const clock = (): number => Date.now()
  const traffic = createTraffic(clock, () => {})
  const plan = openSettledPlan(clock)
  const tell = ownNews(traffic, plan.newlyServed)
  let isBusy = false
  let servers: readonly ReturnType<typeof serveHanded>[] = []

  const news = (): WorkerNews => {
    isBusy = false
    return tell()
  }
  const primary = openChannel<PrimaryCalls, PrimaryNotes, WorkerCalls, WorkerNotes>(peer, {
    calls: {
      begin: (orders) => {
        plan.begin(orders)
        servers = orders.listeners.map((listener, number) => serving(listener, number, orders))
        return null
      },
      yield: () => {
        plan.yield()
        return news()
      },
      serve: plan.serve,
      sync: async (faults) => {
        await plan.follow(faults)
        return news()
      },
      drain: async () => {
        await Promise.all(servers.map((server) => server.close()))
        return news()
      },
    },
    notes: {
      connection: ({ listener }, socket) => {
        if (socket !== undefined) servers[listener]?.admit(socket)
      },
      renew: () => {
        for (const server of servers) server.renew()
      },
    },
  })
  const numberOf = connectionNumbers((connection) => primary.note('left', { connection }))
  const forwarded = (listener: number, { connection, ...request }: HttpRequest) => ({
    listener,
    request,
    connection: numberOf(connection),
  })
  const given = (answer: GivenAnswer): HttpResponse => {
    if (answer.kind === 'passage') {
      const { target, passage: number } = answer
      return passage(target, (status) => primary.note('passed', { passage: number, status }))
    }
    const { response, keep } = answer
    if (keep !== undefined) plan.keep(keep, response)
    return response
  }
  const serving = (listener: WorkerListener, number: number, orders: WorkerOrders) => {
    const { url, address, origin, hasIssuers } = listener
    return serveHanded({
      listen: address,
      tls: orders.tls,
      clientTimeoutMs: orders.clientTimeoutMs,
      relay: orders.upstream && passthrough(orders.upstream),
      onError: (error) => primary.note('failed', portable(error)),
      refuse: (request) =>
        plan.mayBeRefused(request, origin)
          ? primary
              .ask('refusal', forwarded(number, request))
              .then((answer) => (answer === undefined ? undefined : given(answer)))
          : undefined,
      handler: (request) => {
        const startedMs = performance.now()
        const isLive = hasIssuers && asksForMetadata(request)
        const hit = isLive ? undefined : plan.answer(request, origin)
        if (hit === undefined) return primary.ask('answer', forwarded(number, request)).then(given)
        traffic.note(url, request, hit, startedMs)
        if (!isBusy) {
          isBusy = true
          primary.note('busy', null)
        }
        return hit.response
      },
    })
  }
}
