import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import { deviceCode } from './device-code.ts'
import type { GrantType } from './grant-type.ts'
import { jwtBearer } from './jwt-bearer.ts'
import { password } from './password.ts'
import { refreshToken } from './refresh-token.ts'
import { tokenExchange } from './token-exchange.ts'

/** One row per value of `grant_type`. */
export const GRANTS: ReadonlyMap<string, GrantType> = new Map([
  ['client_credentials', clientCredentials],
  ['password', password],
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['urn:ietf:params:oauth:grant-type:token-exchange', tokenExchange],
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', jwtBearer],
  ['urn:ietf:params:oauth:grant-type:device_code', deviceCode],
])
