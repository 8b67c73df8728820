import { randomBytes } from 'node:crypto'
import { isLoopback } from '../control/access.ts'
import { createControlApi } from '../control/control-api.ts'
import type { ControlledReplay } from '../control/controlled-replay.ts'
import { MAX_CONTENT_BYTES } from '../control/json-content.ts'
import { parseListenAddress } from '../core/listen-address.ts'
import type { Clock } from '../core/time.ts'
import type { RunningServer } from '../wire/listener.ts'
import { serve } from '../wire/server.ts'
import type { OpenIssuer } from './open-issuer.ts'
import { VERSION } from './version.ts'

/** The control API, listening. */
export interface Control {
  readonly server: RunningServer
  /** What clients must present; undefined on loopback, where nobody is asked. */
  readonly token: string | undefined
}

/** What there is to control. */
interface ControlledParts {
  readonly issuers: readonly OpenIssuer[]
  readonly replay?: ControlledReplay
}

/** @throws ResealError USAGE, ADDRESS_* */
export async function serveControl(
  listen: string,
  { issuers, replay }: ControlledParts,
  { clock, onError }: { readonly clock: Clock; readonly onError: (error: unknown) => void },
): Promise<Control> {
  const { host } = parseListenAddress(listen)
  const token = isLoopback(host) ? undefined : randomBytes(24).toString('base64url')
  let port = 0
  const handler = createControlApi({
    issuers: new Map(issuers.map(({ name, issuer, faults }) => [name, { issuer, faults }])),
    host,
    port: () => port,
    token,
    clock,
    version: VERSION,
    replay,
  })
  const server = await serve({ listen, handler, onError, maxRequestBytes: MAX_CONTENT_BYTES })
  port = server.port
  return { server, token }
}
