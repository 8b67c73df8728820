import { createHash } from 'node:crypto'
import { refusal, type Refusal } from './refusal.ts'

/** How a code verifier becomes a challenge (RFC 7636 §4.2). */
export const CHALLENGE_METHODS = {
  S256: (verifier: string): string => createHash('sha256').update(verifier, 'latin1').digest('base64url'),
  plain: (verifier: string): string => verifier,
} as const

export interface CodeChallenge {
  readonly challenge: string
  readonly method: keyof typeof CHALLENGE_METHODS
}

/** 43 to 128 unreserved characters (RFC 7636 §4.1). */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/** The challenge of an authorization request; undefined where it has none. */
export function readChallenge(
  challenge: string | undefined,
  method: string | undefined,
): CodeChallenge | Refusal | undefined {
  if (challenge === undefined) {
    return method === undefined
      ? undefined
      : refusal('invalid_request', 'There is a code_challenge_method without a code_challenge.')
  }
  const name = method ?? 'plain'
  if (name !== 'S256' && name !== 'plain') {
    return refusal('invalid_request', 'The code_challenge_method is neither S256 nor plain.')
  }
  if (!VERIFIER.test(challenge)) {
    return refusal(
      'invalid_request',
      'The code_challenge must be 43 to 128 letters, digits and characters of -._~.',
    )
  }
  return { challenge, method: name }
}

/**
 * Why a code verifier does not fit; undefined when it does. A verifier where none was announced is refused as well:
 * somebody may have taken the challenge out of the request (RFC 9700 §4.8.2).
 */
export function verifierProblem(
  announced: CodeChallenge | undefined,
  verifier: string | undefined,
): Refusal | undefined {
  if (announced === undefined) {
    return verifier === undefined
      ? undefined
      : refusal('invalid_grant', 'The authorization request had no code_challenge.')
  }
  if (verifier === undefined) return refusal('invalid_grant', 'The code_verifier is missing.')
  const fits =
    VERIFIER.test(verifier) && CHALLENGE_METHODS[announced.method](verifier) === announced.challenge
  return fits ? undefined : refusal('invalid_grant', 'The code_verifier does not fit the code_challenge.')
}
