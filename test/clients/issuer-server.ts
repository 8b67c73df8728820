import type { Handler } from '../../src/core/exchange.ts'
import { epochSeconds, systemClock, type Clock } from '../../src/core/time.ts'
import { createIssuer, type Issuer } from '../../src/issuer/issuer.ts'
import { DEFAULT_ISSUER_SETTINGS, type IssuerSettings } from '../../src/issuer/settings.ts'
import { createKeyRing, type KeyRing, type KeyRingOptions } from '../../src/keys/ring/key-ring.ts'
import { serve } from '../../src/wire/server.ts'

export interface IssuerServer {
  readonly issuer: Issuer
  readonly ring: KeyRing
  /** Its URL, which is its `iss`. */
  readonly url: string
  close(): Promise<void>
}

export interface IssuerServerOptions {
  readonly settings?: Partial<IssuerSettings>
  readonly keys?: Partial<KeyRingOptions>
  readonly clock?: Clock
}

/** An issuer on a free port of loopback. */
export async function startIssuer({
  settings,
  keys,
  clock = systemClock,
}: IssuerServerOptions = {}): Promise<IssuerServer> {
  const ring = await createKeyRing({ now: epochSeconds(clock()), ...keys })
  // The issuer's URL has the port in it, and the port is known only when the server listens.
  let handler: Handler = () => {
    throw new Error('The issuer is not there yet')
  }
  const server = await serve({ listen: '127.0.0.1:0', handler: (request) => handler(request) })
  const issuer = createIssuer({ ...DEFAULT_ISSUER_SETTINGS, issuer: server.url, ...settings }, ring, clock)
  ;({ handler } = issuer)
  return { issuer, ring, url: server.url, close: () => server.close() }
}
