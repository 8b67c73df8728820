import { createVerifier, type Algorithm } from 'fast-jwt'
import { JwksClient } from 'jwks-rsa'
import { packageVersion } from './package-version.ts'
import { clientOf, HMAC_ALGS, NIST_ALGS, RSA_ALGS, type TokenClient } from './token-client.ts'

/** It has no JWKS of its own; jwks-rsa brings it the keys. */
export const FAST_JWT: TokenClient = {
  name: 'jwks-rsa + fast-jwt',
  version: `${packageVersion('jwks-rsa')} + ${packageVersion('fast-jwt')}`,
  reads: 'access',
  algs: [...RSA_ALGS, ...NIST_ALGS, 'EdDSA', ...HMAC_ALGS],
  open: async ({ issuer, jwksUri, audience, alg, secret }) => {
    const keys = new JwksClient({ jwksUri })
    const verify = createVerifier({
      key: async ({ header }: { header: { kid?: string } }) =>
        secret ?? (await keys.getSigningKey(header.kid)).getPublicKey(),
      algorithms: [alg as Algorithm],
      allowedIss: issuer,
      allowedAud: audience,
      checkTyp: 'at+jwt',
    })
    return clientOf(verify)
  },
}
