import { createHash } from 'node:crypto'
import { redirected, type Answer, type Json, type TestIssuer } from './an-issuer.ts'

export const CALLBACK = 'https://app.example.com/callback'

/** The target of an authorization request for a code, with whatever the test says of it; empty values are left out. */
export function authorizeTarget(parameters: Record<string, string> = {}): string {
  const all = {
    client_id: 'app',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: 'st4te',
    ...parameters,
  }
  return `/authorize?${new URLSearchParams(Object.entries(all).filter(([, value]) => value !== '')).toString()}`
}

/** A code from an issuer with `login: auto`. */
export async function aCode({ get }: TestIssuer, parameters: Record<string, string> = {}): Promise<string> {
  return redirected(await get(authorizeTarget(parameters))).parameters.get('code') ?? 'no code'
}

/** Redeems a code. */
export function redeem(
  { post }: TestIssuer,
  code: string,
  parameters: Record<string, string> = {},
): Promise<Answer> {
  return post('/token', {
    grant_type: 'authorization_code',
    client_id: 'app',
    redirect_uri: CALLBACK,
    code,
    ...parameters,
  })
}

/** Tokens of a whole code flow. */
export async function codeTokens(test: TestIssuer, parameters: Record<string, string> = {}): Promise<Json> {
  return (await redeem(test, await aCode(test, parameters))).json
}

export function refresh(
  { post }: TestIssuer,
  token: unknown,
  parameters: Record<string, string> = {},
): Promise<Answer> {
  return post('/token', {
    grant_type: 'refresh_token',
    client_id: 'app',
    refresh_token: String(token),
    ...parameters,
  })
}

export function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
