import { createSecretKey } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { packageVersion } from './package-version.ts'
import { clientOf, HMAC_ALGS, NIST_ALGS, RSA_ALGS, type TokenClient } from './token-client.ts'

export const JOSE: TokenClient = {
  name: 'jose',
  version: packageVersion('jose'),
  reads: 'access',
  algs: [...RSA_ALGS, ...NIST_ALGS, 'EdDSA', 'Ed25519', ...HMAC_ALGS],
  open: async ({ issuer, jwksUri, audience, alg, secret }) => {
    const options = { issuer, audience, algorithms: [alg], typ: 'at+jwt' }
    const remote = createRemoteJWKSet(new URL(jwksUri))
    const shared = secret === undefined ? undefined : createSecretKey(Buffer.from(secret))
    return clientOf(async (token) => {
      const { payload } = await (shared === undefined
        ? jwtVerify(token, remote, options)
        : jwtVerify(token, shared, options))
      return payload
    })
  },
}
