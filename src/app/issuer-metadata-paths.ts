import type { HttpRequest } from '../core/exchange.ts'

/** Where clients learn of an issuer and its keys: what was recorded there is not true any more. */
const LIVE_PATHS =
  /\/(?:\.well-known\/(?:openid-configuration|oauth-authorization-server|jwks\.json)|jwks(?:\.json)?)(?:\/|$)/

/** Whether a request is for what an issuer beside a replay says of itself. */
export function asksForMetadata({ target }: Pick<HttpRequest, 'target'>): boolean {
  return LIVE_PATHS.test(target.split('?', 1)[0] ?? '')
}
