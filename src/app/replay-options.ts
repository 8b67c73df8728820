import type { HttpRequest } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { Found } from '../respond/miss-report.ts'
import type { TransformSources } from './loaded-snapshot.ts'
import type { MissOptions } from './miss-forwarding.ts'
import type { ListenerRoute } from './routes.ts'
import type { TlsSource } from './tls.ts'
import type { Growth } from './workers/growth.ts'

/** What is replayed, where, and how. */
export interface ReplayOptions extends TransformSources, MissOptions {
  readonly routes: readonly ListenerRoute[]
  /** Where the control API listens; undefined for none. */
  readonly control: string | undefined
  /** Bytes of recorded responses kept in memory. */
  readonly cacheBytes: number
  /** Whether snapshot, transform document and key files are loaded anew when they change; default true. */
  readonly watch?: boolean
  /** Recorded waits are kept, so many times as fast; undefined for none. */
  readonly pace?: number | undefined
  /** The recorded time to the first byte is kept, so many times as fast; undefined for none. */
  readonly latency?: number | undefined
  /** How long a client may take for the head of a request, or hold back its content; default 10 s. */
  readonly clientTimeoutMs?: number
  /** Listens with TLS; left out, in the clear. */
  readonly tls?: TlsSource | undefined
  /**
   * How many processes serve, this one among them: 1 to 64, or as there is use for them, up to the cores less one with
   * `auto`; default 1. With more, only the machine's clock will do, since other processes do not have `clock`.
   */
  readonly workers?: number | 'auto' | Growth
  /** Told of what workers answered when they tell of it, within a second. */
  readonly onHit: (request: Pick<HttpRequest, 'method' | 'target'>, pair: PairId) => void
  /** Told of what nothing answers, and what comes near to it among how many pairs. */
  readonly onMiss: (request: HttpRequest, found: Found) => void
  /** Told of a request that could not be answered for a reason of reseal's own. */
  readonly onError: (error: unknown) => void
}
