import { auth } from 'express-oauth2-jwt-bearer'
import { guardedServer } from './guarded-server.ts'
import { packageVersion } from './package-version.ts'
import { HMAC_ALGS, NIST_ALGS, RSA_ALGS, type TokenClient } from './token-client.ts'

export const EXPRESS_OAUTH2: TokenClient = {
  name: 'express-oauth2-jwt-bearer',
  version: packageVersion('express-oauth2-jwt-bearer'),
  reads: 'access',
  algs: [...RSA_ALGS, ...NIST_ALGS, 'ES256K', 'EdDSA', ...HMAC_ALGS],
  open: async ({ issuer, audience, alg, secret }) => {
    // With `strict` it wants an access token as RFC 9068 has it.
    const common = { audience, tokenSigningAlg: alg, strict: true }
    const guard = auth(
      secret === undefined ? { issuerBaseURL: issuer, ...common } : { issuer, secret, ...common },
    )
    return guardedServer(guard, (request) => request.auth?.payload.sub)
  },
}
