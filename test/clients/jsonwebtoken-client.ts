import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import { packageVersion } from './package-version.ts'
import { clientOf, HMAC_ALGS, NIST_ALGS, RSA_ALGS, type TokenClient } from './token-client.ts'

export const JSONWEBTOKEN: TokenClient = {
  name: 'jwks-rsa + jsonwebtoken',
  version: `${packageVersion('jwks-rsa')} + ${packageVersion('jsonwebtoken')}`,
  reads: 'access',
  algs: [...RSA_ALGS, ...NIST_ALGS, ...HMAC_ALGS],
  open: async ({ issuer, jwksUri, audience, alg, secret }) => {
    const keys = new JwksClient({ jwksUri })
    const getKey: jsonwebtoken.GetPublicKeyOrSecret = ({ kid }, done) => {
      keys.getSigningKey(kid, (error, key) => done(error, key?.getPublicKey()))
    }
    // The types know no alg beyond their own list; a client that is told of one says what it thinks of it.
    const options = { issuer, audience, algorithms: [alg as jsonwebtoken.Algorithm] }
    return clientOf(
      (token) =>
        new Promise((resolve, reject) => {
          jsonwebtoken.verify(token, secret ?? getKey, options, (error, claims) => {
            if (error !== null) reject(error)
            else resolve(typeof claims === 'object' ? claims : {})
          })
        }),
    )
  },
}
