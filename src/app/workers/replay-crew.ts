import type { PairId } from '../../core/pair.ts'
import { epochSeconds, type EpochMs } from '../../core/time.ts'
import type { TlsIdentity } from '../../core/tls-identity.ts'
import type { HttpRequest } from '../../core/exchange.ts'
import type { Answerer, ReplayAnswer } from '../../respond/replay-answer.ts'
import type { ReplayFaults } from '../../respond/replay-faults.ts'
import type { Traffic } from '../../respond/traffic.ts'
import { CONNECT_TIMEOUT_MS, UPSTREAM_TIMEOUT_MS } from '../../wire/upstream.ts'
import type { LivePlan, ServedPlan } from '../live-plan.ts'
import { redactDefinition } from '../redaction.ts'
import type { ReplayOptions } from '../replay-options.ts'
import type { ReplayListeners } from '../replay-listeners.ts'
import { createCrew, type Crew } from './crew.ts'
import { growthWithLoad } from './growth.ts'
import { createLoadSample } from './load-sample.ts'
import { createMergedJournal, type MergedJournal } from './merged-journal.ts'
import type { KeptAnswer, WorkerNews, WorkerOrders, WorkerPlan } from './messages.ts'
import { ownNews } from './own-news.ts'

/** The workers of a replay, and the journal of all its processes. */
export interface ReplayCrew extends Omit<Crew, 'begin' | 'serve'> {
  readonly journal: MergedJournal
  /** One that answers as the answerer does, and whose requests tell whether a worker would be of use. */
  observe(answerer: Answerer, origin: string | undefined): Answerer
  /** Starts the workers. */
  begin(listeners: ReplayListeners, tls: TlsIdentity | undefined): void
  /** Has the workers follow the plan that serves. */
  serve(served: ServedPlan): void
}

/** What of a replay its crew works with. */
interface ReplayCrewParts {
  readonly live: () => LivePlan
  readonly traffic: Traffic
  readonly faults: ReplayFaults
}

/**
 * The crew of a replay that several processes serve, this one among them; undefined where it alone does. While misses
 * are recorded it does, since what one request stored may be what answers the next.
 */
export function replayCrew(options: ReplayOptions, parts: ReplayCrewParts): ReplayCrew | undefined {
  const { workers = 1, whenMissed, clock, onHit, onLog, onError } = options
  const growth = typeof workers === 'number' ? undefined : workers === 'auto' ? growthWithLoad() : workers
  const most = typeof workers === 'number' ? workers : (growth?.most ?? 1)
  if (most === 1) return undefined
  if (whenMissed === 'record') {
    if (growth === undefined)
      onLog('one process serves, since --on-miss record stores what the next request may be answered from')
    return undefined
  }
  const { live, traffic, faults } = parts
  let listeners: ReplayListeners | undefined
  const onTold = ({ entries, served }: WorkerNews): void => {
    if (served.length > 0) live().current.plan.noteServed(new Set(served))
    for (const { entry } of entries) if (entry.pair !== undefined) onHit(entry, entry.pair)
  }
  const sample = createLoadSample((request, origin, answer) =>
    isForWorkers(request, origin, answer, live().current),
  )
  const crew = createCrew({
    count: most - 1,
    growth: growth && { watch: growth.watch, isOfUse: sample.take },
    answerers: () => listeners?.answerers ?? [],
    keepOf: (answer, askedMs) => keptAnswer(answer, askedMs, clock(), live().current),
    faults: () => faults.list().map(({ definition }) => definition),
    own: ownNews(traffic, () => NONE),
    onNews: (news, upToMs) => journal.merge(news, upToMs),
    onTold,
    renew: () => {
      // A client that is told from others by its connection would begin anew.
      if (listeners === undefined || live().current.loaded.document.match.session.by === 'connection')
        return false
      listeners.renew()
      return true
    },
    clock,
    onLog,
    onError,
  })
  const journal = createMergedJournal(crew.sync)
  const serve = (served: ServedPlan): void => {
    const plan = workerPlan(served, options, faults)
    if (plan === undefined && growth === undefined)
      onLog('the first process answers everything, since match.authorize and map go by more than one request')
    crew.serve(plan)
  }
  return {
    ...crew,
    journal,
    observe: (answerer, origin) => (growth === undefined ? answerer : sample.around(answerer, origin)),
    begin: (opened, tls) => {
      listeners = opened
      crew.begin(ordersOf(opened, tls, most, options))
      serve(live().current)
    },
    serve,
  }
}

const NONE: readonly PairId[] = []

function ordersOf(
  { urls, answerers }: ReplayListeners,
  tls: TlsIdentity | undefined,
  processes: number,
  options: ReplayOptions,
): WorkerOrders {
  const { clientTimeoutMs, cacheBytes, pace, latency, whenMissed } = options
  const { insecureUpstream = false, preserveHost = false, xfwd = false } = options
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, upstreamTimeoutMs = UPSTREAM_TIMEOUT_MS } = options
  const upstream = { insecureUpstream, connectTimeoutMs, upstreamTimeoutMs, preserveHost, xfwd }
  return {
    listeners: answerers.map(({ origin, hasIssuers }, number) => {
      const url = urls[number] ?? ''
      return { url, address: new URL(url).host, origin, hasIssuers: hasIssuers() }
    }),
    tls,
    clientTimeoutMs,
    upstream: whenMissed === 'passthrough' ? upstream : undefined,
    cacheBytes: Math.floor(cacheBytes / processes),
    pace,
    latency,
  }
}

/**
 * What workers know of a plan; undefined where every answer may depend on more than the request: on keys that change, on
 * what steps have learnt.
 */
function workerPlan(
  { revision, loaded, plan }: ServedPlan,
  { redact }: ReplayOptions,
  faults: ReplayFaults,
): WorkerPlan | undefined {
  const { document, transforms, file, inode } = loaded
  if (document.match.authorize || transforms.asRecorded !== undefined) return undefined
  const { pairs, unservable } = plan.coverage()
  return {
    revision,
    file,
    inode,
    match: document.match,
    redact: redactDefinition([redact, document.redact]),
    changed: [...transforms.responses.keys()],
    servable: pairs,
    unservable: unservable.length,
    faults: faults.list().map(({ definition }) => definition),
  }
}

/** Whether workers answer a request by themselves, as it was answered here. */
function isForWorkers(
  request: HttpRequest,
  origin: string | undefined,
  answer: ReplayAnswer,
  { plan, loaded }: ServedPlan,
): boolean {
  if (answer.kind !== 'hit' || answer.faults !== undefined) return false
  return (
    loaded.transforms.responses.get(answer.pair)?.changes !== 'request' && plan.isSettled(request, origin)
  )
}

/** An answer that is the same for whoever asks for it, in the second in which it was made at least. */
function keptAnswer(
  answer: ReplayAnswer,
  askedMs: EpochMs,
  nowMs: EpochMs,
  { revision, loaded }: ServedPlan,
): KeptAnswer | undefined {
  if (answer.kind !== 'hit' || answer.faults !== undefined) return undefined
  const { pair } = answer
  const changes = loaded.transforms.responses.get(pair)?.changes
  if (changes === 'once') return { pair, revision, second: undefined }
  const second = epochSeconds(nowMs)
  return changes === 'second' && epochSeconds(askedMs) === second ? { pair, revision, second } : undefined
}
