import type { HttpResponse } from '../../core/exchange.ts'
import type { Call, Provider } from '../provider.ts'

/** One endpoint: where it is, how it is asked, and what it answers. */
export interface Endpoint {
  /** Below the issuer's own path; the first one is the one that discovery names. */
  readonly paths: readonly [string, ...string[]]
  /** Also at these paths with the issuer's own path behind them (RFC 8414 §3). */
  readonly pathsBeforeIssuer?: readonly string[]
  readonly methods: readonly ('GET' | 'POST')[]
  /** Whether scripts of every origin may read the answer: not where a browser shows pages or keeps a session. */
  readonly cors: boolean
  readonly answer: (provider: Provider, call: Call) => HttpResponse | Promise<HttpResponse>
}
