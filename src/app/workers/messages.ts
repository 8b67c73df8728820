import type { HttpRequest, HttpResponse } from '../../core/exchange.ts'
import type { PairId } from '../../core/pair.ts'
import type { EpochSeconds } from '../../core/time.ts'
import type { TlsIdentity } from '../../core/tls-identity.ts'
import type { RedactDefinition } from '../../redact/definition.ts'
import type { RecordedSpeed } from '../../respond/recorded-answer.ts'
import type { JournalEntry } from '../../respond/journal-entry.ts'
import type { VerdictCounts } from '../../respond/traffic.ts'
import type { FailureNote } from '../../store/writer-messages.ts'
import type { MatchDefinition } from '../../transform/document/definition.ts'
import type { ReplayFaultDefinition } from '../../transform/document/fault-schema.ts'
import type { UpstreamOptions } from '../../wire/upstream.ts'

/** What the primary asks of a worker, and what it is told: one row for each. */
export interface WorkerCalls {
  /** Makes ready for the connections that follow. */
  readonly begin: { readonly asked: WorkerOrders; readonly told: null }
  /** Ask the primary for everything, until there is another plan. */
  readonly yield: { readonly asked: null; readonly told: WorkerNews }
  /** Answer by yourself what is settled. Told whether it does: not where it sees another snapshot than the primary. */
  readonly serve: { readonly asked: WorkerPlan; readonly told: boolean }
  readonly sync: { readonly asked: readonly ReplayFaultDefinition[]; readonly told: WorkerNews }
  /** Let answers under way finish, and close every connection. */
  readonly drain: { readonly asked: null; readonly told: WorkerNews }
}

/** What the primary tells a worker that gives no answer. */
export interface WorkerNotes {
  /** A connection comes with it. @property listener its place among the listeners */
  readonly connection: { readonly listener: number }
  /** Have the clients of this process connect anew: others have joined. */
  readonly renew: null
}

/** What a worker asks of the primary. */
export interface PrimaryCalls {
  readonly answer: { readonly asked: ForwardedRequest; readonly told: GivenAnswer }
  /** Of a request that waits for a 100; undefined where it is to send its content. */
  readonly refusal: { readonly asked: ForwardedRequest; readonly told: GivenAnswer | undefined }
}

/** What a worker tells the primary. */
export interface PrimaryNotes {
  /** Something was answered since the last news. */
  readonly busy: null
  /** A request passed to its backend. @property passage of the answer that said so */
  readonly passed: { readonly passage: number; readonly status: number }
  /** A connection that requests were forwarded of is closed. */
  readonly left: { readonly connection: number }
  /** A request could not be answered, for a reason of reseal's own. */
  readonly failed: FailureNote
}

/** What a worker is started with. */
export interface WorkerOrders extends RecordedSpeed {
  readonly listeners: readonly WorkerListener[]
  readonly tls: TlsIdentity | undefined
  readonly clientTimeoutMs: number | undefined
  /** How misses pass to their backends; undefined where they do not. */
  readonly upstream: Omit<UpstreamOptions, 'target'> | undefined
  readonly cacheBytes: number
}

/** A listener of the primary. */
export interface WorkerListener {
  /** `host:port` as bound. */
  readonly address: string
  readonly url: string
  /** The backend it stands for; undefined for all. */
  readonly origin: string | undefined
  /** An issuer answers there too. */
  readonly hasIssuers: boolean
}

/** The plan that serves, as far as a worker has to know it. */
export interface WorkerPlan {
  readonly revision: number
  readonly file: string
  readonly inode: string
  readonly match: MatchDefinition
  readonly redact: RedactDefinition
  /** Pairs whose responses steps change. */
  readonly changed: readonly PairId[]
  /** How many pairs the primary sees: a recorder may have added some since. */
  readonly servable: number
  readonly unservable: number
  readonly faults: readonly ReplayFaultDefinition[]
}

/** A request that the primary answers. */
export interface ForwardedRequest {
  readonly listener: number
  readonly request: Omit<HttpRequest, 'connection'>
  /** Stands for its connection, among those of this worker. */
  readonly connection: number
}

/** An answer of the primary. */
export type GivenAnswer =
  | { readonly kind: 'response'; readonly response: HttpResponse; readonly keep: KeptAnswer | undefined }
  /** It is the backend's. */
  | { readonly kind: 'passage'; readonly target: string; readonly passage: number }

/** What a response may be given again for. */
export interface KeptAnswer {
  readonly pair: PairId
  /** The plan that it is of. */
  readonly revision: number
  /** Undefined for as long as that plan serves. */
  readonly second: EpochSeconds | undefined
}

/** What a process has done since it was last asked. */
export interface WorkerNews {
  /** The last of {@link count} requests. */
  readonly entries: readonly StampedEntry[]
  readonly count: number
  /** Over the life of the process. */
  readonly counts: VerdictCounts
  readonly served: readonly PairId[]
  readonly cpuMicros: number
  readonly rssBytes: number
}

/** An entry, and when it was noted by the machine's own clock, which all processes share. */
export interface StampedEntry {
  readonly machineMs: number
  readonly entry: JournalEntry
}
