import type { HttpRequest } from '../core/exchange.ts'
import { epochSeconds, type Clock, type EpochMs, type EpochSeconds } from '../core/time.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import { boundedStore, type BoundedStore } from './bounded-store.ts'
import { createClaimBook, type ClaimBook } from './claim-book.ts'
import { createDirectory, type Directory, type Person } from './directory.ts'
import type { EndpointName } from './endpoint-name.ts'
import type { Grant } from './grant.ts'
import { createMinter, type Minter } from './minter.ts'
import type { Claims, IssuerSettings } from './settings.ts'
import { createTamperQueue, type TamperQueue } from './tamper-queue.ts'

/** An authorization code that is waiting, or was used already. */
export interface IssuedCode {
  readonly grant: Grant
  readonly request: AuthorizationRequest
  readonly used: boolean
}

export interface RefreshToken {
  readonly grant: Grant
  /** In whole seconds, when it ends. */
  readonly exp: EpochSeconds
  /** Exchanged for another one; whoever shows it again has stolen it, or was stolen from. */
  readonly used: boolean
}

/** A browser somebody has logged in with. */
export interface Session {
  readonly person: Person
  readonly authTime: EpochSeconds
}

/** A device that waits for a person (RFC 8628 §3.2). */
export interface DeviceRequest {
  readonly deviceCode: string
  readonly clientId: string
  readonly scope: string
  readonly audience: readonly string[]
  readonly expiresAt: EpochMs
  readonly intervalMs: number
  readonly lastPollAt: EpochMs | undefined
  readonly outcome: 'pending' | 'denied' | Session
}

/**
 * What an issuer remembers. Every store is bounded, and where it is full its oldest entry goes: a code or session is
 * then unknown, a used assertion could be used again.
 */
export interface Stores {
  readonly codes: BoundedStore<IssuedCode>
  readonly refreshTokens: BoundedStore<RefreshToken>
  /** Claims of opaque access tokens. */
  readonly opaqueTokens: BoundedStore<Claims>
  /** `jti` values and grant ids. */
  readonly revoked: BoundedStore<true>
  /** Client and `jti` of assertions that were used. */
  readonly assertions: BoundedStore<true>
  /** Pushed authorization requests by their URI (RFC 9126). */
  readonly pushed: BoundedStore<AuthorizationRequest>
  /** Authorization requests whose login page is open. */
  readonly logins: BoundedStore<AuthorizationRequest>
  readonly sessions: BoundedStore<Session>
  /** By device code. */
  readonly devices: BoundedStore<DeviceRequest>
  /** From user code to device code. */
  readonly userCodes: BoundedStore<string>
}

/** Everything an endpoint works with. */
export interface Provider {
  readonly settings: IssuerSettings
  readonly ring: KeyRing
  readonly clock: Clock
  readonly directory: Directory
  readonly claimBook: ClaimBook
  readonly minter: Minter
  readonly tampers: TamperQueue<EndpointName>
  readonly stores: Stores
}

/** One request to one endpoint. */
export interface Call {
  readonly endpoint: EndpointName
  readonly request: HttpRequest
  /** The issuer's URL, as this request is to hear it. */
  readonly issuer: string
  /** What follows the question mark of the target, or nothing. */
  readonly query: string
}

/** @throws ResealError CONFIG_INVALID for clients and users that cannot be */
export function createProvider(settings: IssuerSettings, ring: KeyRing, clock: Clock): Provider {
  return {
    settings,
    ring,
    clock,
    directory: createDirectory(settings.clients, settings.users),
    claimBook: createClaimBook(settings.claims),
    minter: createMinter(ring, clock),
    tampers: createTamperQueue<EndpointName>(),
    stores: createStores(),
  }
}

/** Forgets all that was handed out; what was revoked too. */
export function clearStores(stores: Stores): void {
  const all: readonly Pick<BoundedStore<unknown>, 'clear'>[] = Object.values(stores)
  for (const store of all) store.clear()
}

export function nowSeconds(provider: Provider): EpochSeconds {
  return epochSeconds(provider.clock())
}

/** The URL of an endpoint; one slash joins, whether or not the issuer ends in one. */
export function urlBelow(issuer: string, path: string): string {
  return (issuer.endsWith('/') ? issuer.slice(0, -1) : issuer) + path
}

function createStores(): Stores {
  return {
    codes: boundedStore(10_000),
    refreshTokens: boundedStore(50_000),
    opaqueTokens: boundedStore(50_000),
    revoked: boundedStore(50_000),
    assertions: boundedStore(50_000),
    pushed: boundedStore(10_000),
    logins: boundedStore(10_000),
    sessions: boundedStore(10_000),
    devices: boundedStore(10_000),
    userCodes: boundedStore(10_000),
  }
}
