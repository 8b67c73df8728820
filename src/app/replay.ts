import type { HttpRequest } from '../core/exchange.ts'
import type { Sliced } from '../core/sliced.ts'
import { secretClasses } from '../redact/classes.ts'
import { createPlan, type Coverage, type ReplayPlan } from '../respond/plan.ts'
import type { JournalEntry } from '../respond/journal-entry.ts'
import { JOURNAL_ENTRIES } from '../respond/journal.ts'
import type { MissGroup } from '../respond/miss-book.ts'
import type { ReplayAnswer } from '../respond/replay-answer.ts'
import { createReplayFaults } from '../respond/replay-faults.ts'
import { createRefuser, createResponder } from '../respond/responder.ts'
import { createTraffic } from '../respond/traffic.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import { readFault, type ReplayFault } from './library-fault.ts'
import { redactRules } from './redaction.ts'
import { bearerKeys } from './bearer-keys.ts'
import { serveControl } from './control.ts'
import { controlledReplay } from './controlled-replay.ts'
import { openLivePlan, type ServedPlan } from './live-plan.ts'
import {
  compileSnapshot,
  openRings,
  readSources,
  type LoadedSnapshot,
  type ReadFile,
} from './loaded-snapshot.ts'
import { openMissForwarding, passageTo } from './miss-forwarding.ts'
import { matchSettings } from './match-rules.ts'
import type { LiveRing, OpenIssuer } from './open-issuer.ts'
import { openListeners } from './replay-listeners.ts'
import type { ReplayOptions } from './replay-options.ts'
import { watchSources } from './source-watch.ts'
import { replayCrew } from './workers/replay-crew.ts'
import { openTls } from './tls.ts'

export interface Replay {
  readonly urls: readonly string[]
  /** The certificate that clients of TLS listeners have to trust, where reseal made it. */
  readonly authorityFile: string | undefined
  /** The issuers that answer beside the recording. */
  readonly issuers: readonly OpenIssuer[]
  readonly control: { readonly url: string; readonly token: string | undefined } | undefined
  readonly transforms: CompiledTransforms
  /** There was no transform document: every response is served as recorded. */
  readonly untransformed: boolean
  /** Pairs that can be served, and those that cannot. */
  readonly coverage: () => Coverage
  /** The last requests and what became of them, oldest first. @param after only entries after this number */
  journal(after?: number): readonly JournalEntry[]
  /** What nothing answered, grouped, the most frequent first. */
  misses(): readonly MissGroup[]
  /** Begins every sequence anew, forgets journal and misses, and lets faults count anew. */
  reset(): void | Promise<void>
  /** Lets something go wrong for as long as the work takes; it is taken back even if the work throws. */
  fault<T>(what: ReplayFault, work: () => T | Promise<T>): Promise<T>
  /** Resolves when what workers have answered until now is in journal and coverage. With one process it always is. */
  sync(): Promise<void>
  /** The processes beside this one. */
  readonly workers: {
    /** Those that take connections. */
    pids(): readonly number[]
    /** How many there may be, once there is use for them; 0 for none. */
    readonly most: number
    /** Resolves when all that were started take connections, and answer by themselves what they may. */
    joined(): Promise<void>
  }
  stop(): Promise<ReplaySummary>
}

export interface ReplaySummary {
  readonly hits: number
  readonly misses: number
  readonly coverage: Coverage
  readonly transforms: CompiledTransforms
}

/**
 * Serves a snapshot. Everything is compiled before the first listener opens.
 * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*, ADDRESS_*, USAGE
 */
export async function replay(options: ReplayOptions): Promise<Replay> {
  const { clock, routes, clientTimeoutMs, onError } = options
  const reading = readSources(options)
  const rings = await openRings(reading, options)
  const traffic = createTraffic(clock, toldTo(options))
  const faults = createReplayFaults(clock)
  const asked = new Set<string>()
  const onRead = ({ path }: ReadFile): void => void asked.add(path)
  const open: { close(): void | Promise<void> }[] = [rings]
  const journals: { close(): void }[] = [traffic.journal]
  const close = async (): Promise<void> => {
    for (const journal of journals) journal.close()
    // The last that was opened first: a listener's last answers need what lies below it.
    for (const one of open.toReversed()) await one.close()
  }
  try {
    const forwarding = await openMissForwarding(options, {
      admit: (id, store) => live.admit(id, store),
      amend: (store) => live.amend(store),
    })
    if (forwarding !== undefined) open.push(forwarding)
    const crew = replayCrew(options, { live: () => live, traffic, faults })
    if (crew !== undefined) journals.push(crew.journal)
    const live = await openLivePlan({
      load: (signal, before) =>
        compileSnapshot(readSources(options), rings, options, {
          onRead,
          signal,
          before: before?.loaded.transforms,
        }),
      plan: (loaded, before) => planOf(loaded, options, rings.all, earlierOf(before, loaded)),
      ...(crew === undefined ? {} : { beforeChange: crew.yield }),
      onServe: (served) => {
        faults.follow(served.loaded.document.faults)
        crew?.serve(served)
      },
      clock,
    })
    open.push(live)
    const plan = (): ReplayPlan => live.current.plan
    const tls = await openTls(
      options.tls,
      routes.map(({ listen }) => listen),
    )
    const listeners = await openListeners({
      tls: tls?.identity,
      routes,
      rings: rings.all,
      backends: plan().coverage().backends,
      responder: (origin, otherwise) => createResponder(plan, origin, otherwise),
      faulty: faults.around,
      passage: (target) => passageTo(target ?? options.target, options),
      relay: forwarding?.relay,
      anyBackend: options.whenMissed === 'record',
      refuser: (origin) => createRefuser(plan, origin),
      observe: (answerer, url, origin) => {
        const noted = traffic.observe(answerer, url)
        return crew === undefined ? noted : crew.observe(noted, origin)
      },
      share: crew?.share,
      clientTimeoutMs,
      clock,
      onError,
    })
    open.push({ close: () => Promise.all([listeners.close(), crew?.close()]).then(() => undefined) })
    crew?.begin(listeners, tls?.identity)
    if (options.watch !== false) {
      const { transformsFile: document, onLog } = options
      const isRecorded = options.whenMissed === 'record'
      open.push(watchSources({ live, document, asked, isRecorded, onLog }))
    }
    const controlled = controlledReplay({ live, traffic, faults, crew })
    const sync = controlled.sync ?? (() => undefined)
    const control =
      options.control === undefined
        ? undefined
        : await serveControl(options.control, { issuers: listeners.issuers, replay: controlled }, options)
    if (control !== undefined) open.push(control.server)
    return {
      urls: listeners.urls,
      authorityFile: tls?.authorityFile,
      issuers: listeners.issuers,
      control: control && { url: control.server.url, token: control.token },
      get transforms() {
        return live.current.loaded.transforms
      },
      get untransformed() {
        return live.current.loaded.untransformed
      },
      coverage: () => plan().coverage(),
      journal: (after = 0) => controlled.journal.after(after, JOURNAL_ENTRIES),
      misses: () => traffic.misses.groups(),
      reset: controlled.reset,
      fault: async (what, work) => {
        try {
          return await faults.during(readFault(what), async () => {
            await sync()
            return work()
          })
        } finally {
          await sync()
        }
      },
      sync: async () => sync(),
      workers: {
        pids: crew?.pids ?? (() => []),
        most: crew?.most ?? 0,
        joined: async () => crew?.joined(),
      },
      stop: async () => {
        await close()
        const { hit: hits = 0, miss: misses = 0 } = controlled.counts()
        return { hits, misses, coverage: plan().coverage(), transforms: live.current.loaded.transforms }
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The plan before, where it is of the same file: what is known of its pairs stays true. */
function earlierOf(before: ServedPlan | undefined, { inode }: LoadedSnapshot): ReplayPlan | undefined {
  return before?.loaded.inode === inode ? before.plan : undefined
}

function planOf(
  { reader, document, transforms }: LoadedSnapshot,
  { clock, cacheBytes, pace, latency, redact }: ReplayOptions,
  rings: readonly LiveRing[],
  before: ReplayPlan | undefined,
): Sliced<ReplayPlan> {
  const match = matchSettings(document.match)
  const secrets = secretClasses(redactRules([redact, document.redact]))
  const keys = match.authorize ? bearerKeys(transforms, rings, clock) : undefined
  return createPlan({
    pairs: reader,
    transforms,
    match,
    secrets,
    clock,
    cacheBytes,
    pace,
    latency,
    before,
    keys,
  })
}

function toldTo({ onHit, onMiss }: Pick<ReplayOptions, 'onHit' | 'onMiss'>) {
  return (request: HttpRequest, answer: ReplayAnswer): void => {
    if (answer.kind === 'hit') onHit(request, answer.pair)
    if (answer.kind === 'miss') onMiss(request, answer)
  }
}
