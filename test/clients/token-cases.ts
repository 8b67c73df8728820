import { randomBytes, createSecretKey } from 'node:crypto'
import type { AlgName } from '../../src/keys/algorithms.ts'
import { signingKey } from '../../src/keys/signing-key.ts'
import { TAMPERS, type TamperName } from '../../src/issuer/tampers.ts'
import { startIssuer, type IssuerServer } from './issuer-server.ts'
import type { Trust } from './token-client.ts'

/** A token as it should be, or one way for it not to be. */
export type CaseName = 'normal' | TamperName

/** Every case, and whether a client should accept its token. */
export const CASES: readonly { readonly name: CaseName; readonly does: string; readonly accept: boolean }[] =
  [
    { name: 'normal', does: 'is as it should be', accept: true },
    // With one key in the JWKS there is nothing to choose (RFC 7515 §4.1.4, OpenID Connect Core §10.1).
    ...Object.entries(TAMPERS).map(([name, { does }]) => ({
      name: name as TamperName,
      does,
      accept: name === 'missingKid',
    })),
  ]

export const CLIENT_ID = 'app'
const API = 'https://api.example'
const NONCE = 'n-0S6_WzA2Mj'
const REDIRECT_URI = 'https://app.example/callback'

/** Tokens of every case, from an issuer that is still there to be asked for its keys. */
export interface IssuedCases {
  /** By case; a case that the alg cannot have is not there. */
  readonly tokens: Readonly<Record<'access' | 'id', ReadonlyMap<CaseName, string>>>
  readonly trust: Readonly<Record<'access' | 'id', Trust>>
  close(): Promise<void>
}

/** Has an issuer give out a token for every case, by its own endpoints: /token for access tokens, /authorize for ID tokens. */
export async function issueCases(alg: AlgName): Promise<IssuedCases> {
  const secret = alg.startsWith('HS') ? randomBytes(64).toString('base64url') : undefined
  const key = secret === undefined ? undefined : createSecretKey(Buffer.from(secret))
  const server = await startIssuer({
    settings: { audience: API, login: 'auto' },
    keys: key === undefined ? { algs: [alg] } : { keys: [signingKey({ alg, key, from: 'a test' })] },
  })
  const names = CASES.map(({ name }) => name).filter(
    (name) => secret === undefined || name !== 'hsWithPublicKey',
  )
  const access = new Map<CaseName, string>()
  const id = new Map<CaseName, string>()
  for (const name of names) {
    access.set(name, await accessToken(server, name))
    id.set(name, await idToken(server, name))
  }
  const common = { issuer: server.url, jwksUri: `${server.url}/jwks`, alg, nonce: NONCE, secret }
  return {
    tokens: { access, id },
    trust: { access: { ...common, audience: API }, id: { ...common, audience: CLIENT_ID } },
    close: server.close,
  }
}

async function accessToken({ issuer, url }: IssuerServer, name: CaseName): Promise<string> {
  if (name !== 'normal') issuer.tamperNext({ endpoint: 'token', tamper: name, count: 1, kind: 'access' })
  const response = await fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: 's' }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

async function idToken({ issuer, url }: IssuerServer, name: CaseName): Promise<string> {
  if (name !== 'normal') issuer.tamperNext({ endpoint: 'authorize', tamper: name, count: 1, kind: 'id' })
  const query = new URLSearchParams({
    response_type: 'id_token',
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    scope: 'openid',
    nonce: NONCE,
  })
  const { headers } = await fetch(`${url}/authorize?${query.toString()}`, { redirect: 'manual' })
  const { hash } = new URL(headers.get('location') ?? '')
  return new URLSearchParams(hash.slice(1)).get('id_token') ?? ''
}
