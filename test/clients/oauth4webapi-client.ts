import {
  allowInsecureRequests,
  discoveryRequest,
  processDiscoveryResponse,
  validateJwtAccessToken,
} from 'oauth4webapi'
import { packageVersion } from './package-version.ts'
import { clientOf, NIST_ALGS, RSA_ALGS, type TokenClient } from './token-client.ts'

export const OAUTH4WEBAPI: TokenClient = {
  name: 'oauth4webapi',
  version: packageVersion('oauth4webapi'),
  reads: 'access',
  algs: [...RSA_ALGS, ...NIST_ALGS, 'EdDSA', 'Ed25519'],
  open: async ({ issuer, audience, alg }) => {
    const url = new URL(issuer)
    const server = await processDiscoveryResponse(
      url,
      await discoveryRequest(url, { [allowInsecureRequests]: true }),
    )
    return clientOf((token) =>
      validateJwtAccessToken(
        server,
        new Request('https://api.example/', { headers: { authorization: `Bearer ${token}` } }),
        audience,
        { [allowInsecureRequests]: true, signingAlgorithms: [alg] },
      ),
    )
  },
}
