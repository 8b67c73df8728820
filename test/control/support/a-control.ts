import type { HttpRequest, HttpResponse } from '../../../src/core/exchange.ts'
import { headerValue } from '../../../src/core/headers.ts'
import { createControlApi, type ControlOptions } from '../../../src/control/control-api.ts'
import { createFaults, type Faults } from '../../../src/issuer/faults.ts'
import { createIssuer, type Issuer } from '../../../src/issuer/issuer.ts'
import { DEFAULT_ISSUER_SETTINGS, type IssuerSettings } from '../../../src/issuer/settings.ts'
import { createKeyRing, type KeyRing, type KeyRingOptions } from '../../../src/keys/ring/key-ring.ts'
import { aRequest } from '../../support/a-pair.ts'

/** When every clock here stands still: 2026-11-20T12:00:00Z. */
export const BEGIN_MS = Date.UTC(2026, 10, 20, 12)
export const BEGIN = BEGIN_MS / 1000
export const PORT = 9100

export interface FaultyIssuer {
  readonly issuer: Issuer
  readonly faults: Faults
  readonly ring: KeyRing
  readonly clock: () => number
  readonly pass: (seconds: number) => void
  /** The issuer's answer, faults in it. */
  readonly get: (target: string, method?: string) => Promise<HttpResponse>
  /** The kids that the JWKS shows. */
  readonly kids: () => Promise<readonly unknown[]>
}

/** An issuer with faults, asked without a socket; its ring's lead is 0 and its transition a minute. */
export async function aFaultyIssuer(
  ringOptions: Partial<KeyRingOptions> = {},
  settings: Partial<IssuerSettings> = {},
): Promise<FaultyIssuer> {
  let now = BEGIN_MS
  const clock = (): number => now
  const ring = await createKeyRing({
    algs: ['ES256'],
    now: BEGIN,
    leadSeconds: 0,
    transitionSeconds: 60,
    ...ringOptions,
  })
  const faults = createFaults(clock, ring)
  const whole = { ...DEFAULT_ISSUER_SETTINGS, issuer: 'http://127.0.0.1:8090', ...settings }
  const issuer = createIssuer(whole, ring, clock, { fault: faults.apply })
  const get = async (target: string, method = 'GET'): Promise<HttpResponse> =>
    issuer.handler(aRequest({ method, target, authority: '127.0.0.1:8090' }))
  return {
    issuer,
    faults,
    ring,
    clock,
    pass: (seconds) => {
      now += seconds * 1000
    },
    get,
    kids: async () => {
      const { keys } = JSON.parse(textOf(await get('/jwks'))) as { keys: { kid: unknown }[] }
      return keys.map(({ kid }) => kid)
    },
  }
}

export function textOf({ body }: HttpResponse): string {
  return Buffer.from(body).toString()
}

/** An answer of the control API as a client reads it. */
export interface ControlReply {
  readonly status: number
  /** The content as JSON; undefined where there is none. */
  readonly json: unknown
  readonly response: HttpResponse
}

export interface TestControl extends FaultyIssuer {
  readonly ask: (method: string, target: string, content?: unknown) => Promise<ControlReply>
  /** A request as it is, with what it says in the place of what {@link ask} would. */
  readonly send: (
    request: Partial<Omit<HttpRequest, 'body'>> & { body?: string | Uint8Array },
  ) => Promise<ControlReply>
}

/** The control API over one issuer named `main`, on loopback port {@link PORT} unless told, asked without a socket. */
export async function aControl(
  options: Partial<ControlOptions> = {},
  settings: Partial<IssuerSettings> = {},
): Promise<TestControl> {
  const faulty = await aFaultyIssuer({}, settings)
  const handler = createControlApi({
    issuers: new Map([['main', faulty]]),
    host: '127.0.0.1',
    port: () => PORT,
    ready: () => ({ ready: true, reasons: [] }),
    clock: faulty.clock,
    version: '0.0.0',
    ...options,
  })
  const send: TestControl['send'] = async (request) => {
    const response = await handler(aRequest({ authority: `127.0.0.1:${PORT}`, ...request }))
    const text = textOf(response)
    const isJson = headerValue(response.headers, 'content-type') === 'application/json'
    return { status: response.status, json: isJson ? JSON.parse(text) : undefined, response }
  }
  return {
    ...faulty,
    send,
    ask: (method, target, content) =>
      send({
        method,
        target,
        ...(content === undefined
          ? {}
          : { headers: [['Content-Type', 'application/json']], body: JSON.stringify(content) }),
      }),
  }
}

export function fieldOf(reply: ControlReply, name: string): string | undefined {
  return headerValue(reply.response.headers, name)
}
