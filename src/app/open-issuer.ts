import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { basename, dirname } from 'node:path'
import { suggestionFor } from '../core/suggestion.ts'
import { epochSeconds, type Clock } from '../core/time.ts'
import { ResealError } from '../core/errors.ts'
import { ALGORITHMS, isAlgName, type AlgName } from '../keys/algorithms.ts'
import { createKeyRing, type KeyRing, type RingEvent } from '../keys/ring/key-ring.ts'
import { mountedRingKeys } from '../keys/ring/mounted-ring-keys.ts'
import { watchMountedKey } from '../keys/ring/mounted-ring.ts'
import { openSecrets, type Secrets } from '../keys/files/secrets.ts'
import { createFaults, type Faults } from '../issuer/faults.ts'
import type { IssuerDefinition, IssuerKeys } from '../issuer/issuer-definition.ts'
import { createIssuer, type Issuer } from '../issuer/issuer.ts'
import { DEFAULT_ISSUER_SETTINGS } from '../issuer/settings.ts'

/** What issuers need of the process they run in. */
export interface IssuerEnvironment {
  readonly secretsDirectory: string
  readonly clock: Clock
  /** A line for people: keys that come and go, files that cannot be used. */
  readonly onLog: (line: string) => void
}

export type { IssuerDefinition }
export { parseIssuers as issuerDefinitions } from '../control/issuer-schema.ts'

/** The keys of an issuer, alive: they rotate by the clock and follow their mounted file. */
export interface LiveRing {
  readonly name: string
  readonly definition: IssuerDefinition
  readonly ring: KeyRing
  close(): void
}

/** An issuer that answers. */
export interface OpenIssuer {
  readonly name: string
  readonly issuer: Issuer
  readonly faults: Faults
}

/**
 * Makes the keys of an issuer; they exist when this resolves, before any listener does.
 * @throws ResealError SECRET_*, KEY_*, CONFIG_INVALID
 */
export async function openRing(
  definition: IssuerDefinition,
  environment: IssuerEnvironment,
): Promise<LiveRing> {
  const { keys, name } = definition
  const { clock, onLog } = environment
  const mounted = mountedKeysOf(keys, environment)
  for (const note of mounted?.notes ?? []) onLog(`issuer ${name}: ${note}`)
  const { rotateEverySeconds, transitionSeconds, leadSeconds, directory, algs } = keys
  const ring = await createKeyRing({
    now: epochSeconds(clock()),
    ...(algs === undefined ? {} : { algs }),
    ...(rotateEverySeconds === undefined ? {} : { rotateEverySeconds }),
    ...(transitionSeconds === undefined ? {} : { transitionSeconds }),
    ...(leadSeconds === undefined ? {} : { leadSeconds }),
    ...(directory === undefined ? {} : { directory }),
    ...(mounted === undefined ? {} : { keys: mounted.keys }),
  })
  ring.onChange((event) => onLog(eventLine(name, event)))
  const ticking = keepTicking(ring, clock, (error) => onLog(`issuer ${name}: ${String(error)}`))
  const watcher =
    mounted === undefined
      ? undefined
      : watchMountedKey({
          ring,
          secrets: mounted.secrets,
          mounted: mounted.file,
          content: mounted.content,
          clock,
          onRefused: (error) => onLog(`issuer ${name}: the mounted key stays as it was: ${String(error)}`),
        })
  return {
    name,
    definition,
    ring,
    close: () => {
      ticking.stop()
      watcher?.close()
    },
  }
}

/** @param url where it is served, for an issuer without a URL of its own */
export function openIssuer({ name, definition, ring }: LiveRing, url: string, clock: Clock): OpenIssuer {
  const faults = createFaults(clock, ring)
  for (const fault of definition.faults) faults.set(fault)
  const settings = { ...DEFAULT_ISSUER_SETTINGS, ...definition.settings, issuer: definition.issuer ?? url }
  return { name, faults, issuer: createIssuer(settings, ring, clock, { fault: faults.apply }) }
}

/** The answer of the first issuer whose path is asked for; undefined where it is nobody's. */
export function answerOf(
  issuers: readonly OpenIssuer[],
  request: HttpRequest,
): HttpResponse | Promise<HttpResponse> | undefined {
  for (const { issuer } of issuers) {
    const answer = issuer.answer(request)
    if (answer !== undefined) return answer
  }
  return undefined
}

function mountedKeysOf(keys: IssuerKeys, { secretsDirectory }: IssuerEnvironment) {
  const { mounted, passphrasePath, algs } = keys
  if (mounted === undefined) return undefined
  const secrets: Secrets = openSecrets('file' in mounted ? dirname(mounted.file) : secretsDirectory)
  const secretPath = 'file' in mounted ? basename(mounted.file) : mounted.secretPath
  const file = { secretPath, passphrasePath, ...(algs === undefined ? {} : { algs }) }
  return { ...mountedRingKeys(secrets, file), secrets, file }
}

function eventLine(name: string, { kid, alg, event }: RingEvent): string {
  const what = {
    published: 'is published and will sign',
    active: 'signs from now on',
    retiring: 'no longer signs and stays published',
    expired: 'has left the JWKS',
  }[event]
  return `issuer ${name}: key ${kid} (${alg}) ${what}`
}

/** @throws ResealError USAGE for a name that is no alg reseal signs with */
export function algNames(names: readonly string[]): readonly AlgName[] {
  return names.map((name) => {
    if (isAlgName(name)) return name
    const known = Object.keys(ALGORITHMS)
    throw new ResealError('USAGE', `"${name}" is not an alg`, { hint: suggestionFor(name, known, 'algs') })
  })
}

/** Longest timer that Node takes. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** A tick that failed, or that is overdue, is tried again after this. */
const RETRY_MS = 1000

/** Wakes the ring whenever something is due. */
function keepTicking(ring: KeyRing, clock: Clock, onError: (error: unknown) => void): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const wait = (atLeastMs: number): void => {
    const { dueAt } = ring
    if (stopped) return
    // Looked at anew at least each second: a rotation by call may bring the next moment forward.
    const untilMs = dueAt === undefined ? RETRY_MS : Math.min(RETRY_MS, dueAt * 1000 - clock())
    timer = setTimeout(tick, Math.min(MAX_TIMER_MS, Math.max(atLeastMs, untilMs))).unref()
  }
  const tick = (): void => {
    ring.tick(epochSeconds(clock())).then(
      () => wait(10),
      (error: unknown) => {
        onError(error)
        wait(RETRY_MS)
      },
    )
  }
  wait(0)
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
