import type { FaultPlace, FaultWhat } from '../issuer/faults.ts'
import type { IssuerKeys } from '../issuer/issuer-definition.ts'
import type { IssuerCounters } from '../issuer/counters.ts'
import type { MintOptions } from '../issuer/minter.ts'
import type { MintRequest } from '../issuer/minted-claims.ts'
import type { Claims, IssuerSettings } from '../issuer/settings.ts'
import { epochSeconds, systemClock, type Clock } from '../core/time.ts'
import { issue } from './issue.ts'

export interface LibraryIssuerOptions extends Partial<IssuerSettings> {
  /** Default a free port of 127.0.0.1. */
  readonly listen?: string
  /** Default: an RS256 key made for this issuer. */
  readonly keys?: IssuerKeys
  /** Where `secretPath`s lead; default `secrets`. */
  readonly secretsDirectory?: string
  readonly clock?: Clock
  /** Told of keys that come and go; default nobody. */
  readonly onLog?: (line: string) => void
}

/** A running issuer in the hands of a test. */
export interface LibraryIssuer {
  /** Where it listens, and its issuer URL unless one was given. */
  readonly url: string
  readonly issuer: string
  readonly jwksUri: string
  /** Signs claims verbatim. @throws ResealError KEY_MISSING, KEY_UNFIT */
  sign(claims: Claims, options?: MintOptions): Promise<string>
  /** An access token as a grant gives it, right or wrong on purpose (`tamper`). */
  mint(request?: MintRequest): Promise<string>
  /** Publishes a new key, which signs after the lead. @returns its kid */
  rotate(options?: { readonly leadSeconds?: number }): Promise<string>
  /** Lets something go wrong for as long as the work takes; it is taken back even if the work throws. */
  fault<T>(where: FaultPlace, what: FaultWhat, work: () => T | Promise<T>): Promise<T>
  readonly counters: IssuerCounters
  stop(): Promise<void>
}

/**
 * Starts a mock OpenID Provider for a test.
 * @throws ResealError ADDRESS_*, CONFIG_INVALID, SECRET_*, KEY_*
 */
export async function issuer(options: LibraryIssuerOptions = {}): Promise<LibraryIssuer> {
  const { listen = '127.0.0.1:0', keys = {}, secretsDirectory = 'secrets', clock = systemClock } = options
  const { issuer: url, onLog = () => {}, listen: _listen, keys: _keys, ...others } = options
  const { secretsDirectory: _secrets, clock: _clock, ...settings } = others
  const definition = { name: 'main', issuer: url, listen: undefined, settings, keys, faults: [] }
  const running = await issue({
    listeners: [{ listen, issuers: [definition] }],
    control: undefined,
    secretsDirectory,
    clock,
    onLog,
    onError: (error) => onLog(String(error)),
  })
  const [opened] = running.issuers
  const [address = ''] = running.urls
  if (opened === undefined) throw new RangeError('one issuer was asked for')
  const { issuer: live, faults } = opened
  return {
    url: address,
    issuer: live.settings.issuer,
    jwksUri: `${address}${pathOf(live.settings.issuer)}/.well-known/jwks.json`,
    sign: live.sign,
    mint: live.mint,
    rotate: async (rotation) => (await live.ring.rotate(epochSeconds(clock()), rotation)).kid,
    fault: faults.fault,
    get counters() {
      return live.counters
    },
    stop: running.stop,
  }
}

function pathOf(issuerUrl: string): string {
  return new URL(issuerUrl).pathname.replace(/\/$/, '')
}
