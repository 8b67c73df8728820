import { EXPRESS_OAUTH2 } from './express-oauth2-client.ts'
import { FAST_JWT } from './fast-jwt-client.ts'
import { JOSE } from './jose-client.ts'
import { JSONWEBTOKEN } from './jsonwebtoken-client.ts'
import { OAUTH4WEBAPI } from './oauth4webapi-client.ts'
import { OPENID_CLIENT } from './openid-client-client.ts'
import { PASSPORT_JWT } from './passport-jwt-client.ts'
import type { TokenClient } from './token-client.ts'

/** The clients that npm brings. */
export const NODE_CLIENTS: readonly TokenClient[] = [
  JOSE,
  JSONWEBTOKEN,
  EXPRESS_OAUTH2,
  FAST_JWT,
  PASSPORT_JWT,
  OPENID_CLIENT,
  OAUTH4WEBAPI,
]
