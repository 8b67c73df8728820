import jwksRsa from 'jwks-rsa'
import passport from 'passport'
import { ExtractJwt, Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt'
import type { Algorithm } from 'jsonwebtoken'
import { guardedServer } from './guarded-server.ts'
import { packageVersion } from './package-version.ts'
import { HMAC_ALGS, NIST_ALGS, RSA_ALGS, type TokenClient, type Trust } from './token-client.ts'

export const PASSPORT_JWT: TokenClient = {
  name: 'jwks-rsa + passport-jwt',
  version: `${packageVersion('jwks-rsa')} + ${packageVersion('passport-jwt')}`,
  reads: 'access',
  algs: [...RSA_ALGS, ...NIST_ALGS, ...HMAC_ALGS],
  open: async (trust) => {
    const authenticator = new passport.Passport()
    authenticator.use(
      new Strategy(
        optionsFor(trust),
        (claims: { sub?: unknown }, done: (error: unknown, user: object) => void) => done(null, claims),
      ),
    )
    const guard: unknown = authenticator.authenticate('jwt', { session: false })
    return guardedServer(guard as Parameters<typeof guardedServer>[0], ({ user }) => subOf(user))
  },
}

function optionsFor({ issuer, audience, alg, jwksUri, secret }: Trust): StrategyOptionsWithoutRequest {
  const common = {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    issuer,
    audience,
    algorithms: [alg as Algorithm],
  }
  return secret === undefined
    ? { ...common, secretOrKeyProvider: jwksRsa.passportJwtSecret({ jwksUri }) }
    : { ...common, secretOrKey: secret }
}

function subOf(user: unknown): unknown {
  return typeof user === 'object' && user !== null && 'sub' in user ? user.sub : undefined
}
