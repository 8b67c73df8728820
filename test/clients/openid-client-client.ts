import {
  allowInsecureRequests,
  discovery,
  implicitAuthentication,
  None,
  useIdTokenResponseType,
} from 'openid-client'
import { packageVersion } from './package-version.ts'
import { clientOf, NIST_ALGS, RSA_ALGS, type TokenClient } from './token-client.ts'

/** It verifies ID tokens that came by the browser; those of the token endpoint it takes on TLS's word. */
export const OPENID_CLIENT: TokenClient = {
  name: 'openid-client',
  version: packageVersion('openid-client'),
  reads: 'id',
  algs: [...RSA_ALGS, ...NIST_ALGS, 'EdDSA', 'Ed25519'],
  open: async ({ issuer, audience, alg, nonce }) => {
    const config = await discovery(new URL(issuer), audience, { id_token_signed_response_alg: alg }, None(), {
      execute: [allowInsecureRequests, useIdTokenResponseType],
    })
    return clientOf((token) =>
      implicitAuthentication(config, new URL(`https://app.example/callback#id_token=${token}`), nonce),
    )
  },
}
