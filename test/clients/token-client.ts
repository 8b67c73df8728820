import type { AlgName } from '../../src/keys/algorithms.ts'

/** What a relying party is configured with. */
export interface Trust {
  readonly issuer: string
  readonly jwksUri: string
  /** Expected `aud`: of an access token the API, of an ID token the client. */
  readonly audience: string
  /** The only one it is to take. */
  readonly alg: AlgName
  /** Expected `nonce` of ID tokens. */
  readonly nonce: string
  /** The shared secret of an HS alg, printable ASCII; such keys are in no JWKS. */
  readonly secret: string | undefined
}

export interface Verdict {
  readonly accepted: boolean
  /** The `sub` it read, or what it said instead. */
  readonly because: string
}

/** A client with its caches, for one issuer. */
export interface OpenClient {
  verify(token: string): Promise<Verdict>
  close(): Promise<void>
}

/** Somebody else's code that decides whether a token is good. */
export interface TokenClient {
  readonly name: string
  readonly version: string
  readonly reads: 'access' | 'id'
  /** Those it says it can verify. */
  readonly algs: readonly AlgName[]
  open(trust: Trust): Promise<OpenClient>
}

/** Algs that nearly every client has. */
export const RSA_ALGS: readonly AlgName[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
export const NIST_ALGS: readonly AlgName[] = ['ES256', 'ES384', 'ES512']
export const HMAC_ALGS: readonly AlgName[] = ['HS256', 'HS384', 'HS512']

/** A client that is a function giving the claims, or throwing. */
export function clientOf(claimsOf: (token: string) => Promise<{ readonly sub?: unknown }>): OpenClient {
  return {
    verify: async (token) => {
      try {
        const { sub } = await claimsOf(token)
        return { accepted: true, because: String(sub) }
      } catch (error) {
        return { accepted: false, because: error instanceof Error ? error.message : String(error) }
      }
    },
    close: async () => {},
  }
}
