import type { Cell } from './matrix.ts'
import type { CaseName } from './token-cases.ts'

/** A case that a client decides otherwise than it should, whatever the issuer does. */
export interface Deviation {
  readonly client: string
  readonly case: CaseName
  /** Whether keys of a JWKS are needed for it, so that HS algs are as they should be. */
  readonly jwksOnly?: true
  readonly because: string
}

const NO_TYP = 'It has no way to be told which typ to expect.'
const NO_CRIT = 'jsonwebtoken does not look at crit (RFC 7515 §4.1.11).'

/** Every one known; a row that is no longer true fails the test as much as a missing one. */
export const DEVIATIONS: readonly Deviation[] = [
  { client: 'jwks-rsa + jsonwebtoken', case: 'wrongTyp', because: NO_TYP },
  { client: 'jwks-rsa + jsonwebtoken', case: 'unknownCrit', because: NO_CRIT },
  { client: 'jwks-rsa + passport-jwt', case: 'wrongTyp', because: NO_TYP },
  { client: 'jwks-rsa + passport-jwt', case: 'unknownCrit', because: NO_CRIT },
  { client: 'openid-client', case: 'wrongTyp', because: 'It does not look at the typ of ID tokens.' },
  { client: 'PyJWT', case: 'wrongTyp', because: NO_TYP },
  {
    client: 'PyJWT',
    case: 'missingKid',
    jwksOnly: true,
    because: 'PyJWKClient finds keys by kid only, even where there is one key.',
  },
  { client: 'Authlib', case: 'wrongTyp', because: NO_TYP },
  {
    client: 'Authlib',
    case: 'missingKid',
    jwksOnly: true,
    because: 'A KeySet finds keys by kid only, even where there is one key.',
  },
  { client: 'jwcrypto', case: 'wrongTyp', because: NO_TYP },
  {
    client: 'jwcrypto',
    case: 'notYetValid',
    because: 'Told which claims to check, it looks at nbf only if that is one of them, and then demands it.',
  },
]

/** The known reason for a cell to be otherwise than it should be. */
export function deviationOf(cell: Cell): Deviation | undefined {
  return DEVIATIONS.find(
    (deviation) =>
      cell.supported &&
      deviation.client === cell.client &&
      deviation.case === cell.case &&
      !(deviation.jwksOnly === true && cell.alg.startsWith('HS')),
  )
}

/** What the client is known to do with this token. */
export function isKnownToAccept(cell: Cell): boolean {
  if (!cell.supported) return false
  return deviationOf(cell) === undefined ? cell.shouldAccept : !cell.shouldAccept
}
