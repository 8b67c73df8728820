import type { EndpointName } from '../endpoint-name.ts'
import { auth } from './auth.ts'
import { authLogin } from './auth-login.ts'
import { authorize } from './authorize.ts'
import { device } from './device.ts'
import { deviceAuthorization } from './device-authorization.ts'
import { discovery } from './discovery.ts'
import type { Endpoint } from './endpoint.ts'
import { introspect } from './introspect.ts'
import { jwks } from './jwks.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { par } from './par.ts'
import { revoke } from './revoke.ts'
import { token } from './token.ts'
import { userinfo } from './userinfo.ts'

/** One row per endpoint. */
export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = {
  discovery,
  jwks,
  token,
  authorize,
  login,
  userinfo,
  introspect,
  revoke,
  logout,
  par,
  deviceAuthorization,
  device,
  auth,
  authLogin,
}
