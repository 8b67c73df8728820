import { availableParallelism } from 'node:os'
import type { PairId } from '../../core/pair.ts'
import { epochSeconds, type EpochMs } from '../../core/time.ts'
import type { TlsIdentity } from '../../core/tls-identity.ts'
import type { ReplayAnswer } from '../../respond/replay-answer.ts'
import type { ReplayFaults } from '../../respond/replay-faults.ts'
import type { Traffic } from '../../respond/traffic.ts'
import { CONNECT_TIMEOUT_MS, UPSTREAM_TIMEOUT_MS } from '../../wire/upstream.ts'
import type { LivePlan, ServedPlan } from '../live-plan.ts'
import { redactDefinition } from '../redaction.ts'
import type { ReplayOptions } from '../replay-options.ts'
import type { ReplayListeners } from '../replay-listeners.ts'
import { createCrew, type Crew } from './crew.ts'
import { createMergedJournal, type MergedJournal } from './merged-journal.ts'
import type { KeptAnswer, WorkerNews, WorkerOrders, WorkerPlan } from './messages.ts'
import { ownNews } from './own-news.ts'

/** The workers of a replay, and the journal of all its processes. */
export interface ReplayCrew extends Omit<Crew, 'begin' | 'serve'> {
  readonly journal: MergedJournal
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
  const processes = workers === 'auto' ? Math.min(MOST_BY_ITSELF, availableParallelism()) : workers
  if (processes === 1) return undefined
  if (whenMissed === 'record') {
    if (workers !== 'auto')
      onLog('one process serves, since --on-miss record stores what the next request may be answered from')
    return undefined
  }
  const { live, traffic, faults } = parts
  let listeners: ReplayListeners | undefined
  const onTold = ({ entries, served }: WorkerNews): void => {
    if (served.length > 0) live().current.plan.noteServed(new Set(served))
    for (const { entry } of entries) if (entry.pair !== undefined) onHit(entry, entry.pair)
  }
  const crew = createCrew({
    count: processes - 1,
    busy: workers === 'auto' ? ownLoad() : undefined,
    answerers: () => listeners?.answerers ?? [],
    keepOf: (answer, askedMs) => keptAnswer(answer, askedMs, clock(), live().current),
    faults: () => faults.list().map(({ definition }) => definition),
    own: ownNews(traffic, () => NONE),
    onNews: (news, upToMs) => journal.merge(news, upToMs),
    onTold,
    clock,
    onLog,
    onError,
  })
  const journal = createMergedJournal(crew.sync)
  const serve = (served: ServedPlan): void => crew.serve(workerPlan(served, options, faults))
  return {
    ...crew,
    journal,
    begin: (opened, tls) => {
      listeners = opened
      crew.begin(ordersOf(opened, tls, processes, options))
      serve(live().current)
    },
    serve,
  }
}

const NONE: readonly PairId[] = []

/** More than these are started only where their number was given. */
const MOST_BY_ITSELF = 64

/** Gives the share of time in which this process was busy since it was last asked, 0 to 1. */
function ownLoad(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}

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
