import { newGrant } from '../grant.ts'
import { readLiveToken } from '../own-token.ts'
import type { Call, Provider } from '../provider.ts'
import { isRefusal, refusal, type Refusal } from '../refusal.ts'
import type { RequestParameters } from '../request-parameters.ts'
import { narrowedScope, readRights } from '../request-scope.ts'
import type { Claims } from '../settings.ts'
import { makeIdToken } from '../token-making.ts'
import { grantTokens, type TokenResponse } from '../token-response.ts'
import type { Client, Person } from '../directory.ts'
import type { GrantType } from './grant-type.ts'

/** Kinds of token by their URI (RFC 8693 §3). */
const TYPES = {
  access: 'urn:ietf:params:oauth:token-type:access_token',
  id: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
} as const

const KNOWN_TYPES: readonly string[] = Object.values(TYPES)

/** Exchanges a token of this issuer for another one, for somebody else or in somebody's name (RFC 8693). */
export const tokenExchange: GrantType = {
  answer: async (provider, call, parameters, { client }) => {
    const subject = exchanged(provider, call, parameters, 'subject')
    if (subject === undefined) return refusal('invalid_request', 'The subject_token is missing.')
    if (isRefusal(subject)) return subject
    const actor = exchanged(provider, call, parameters, 'actor')
    if (isRefusal(actor)) return actor
    const type = parameters.get('requested_token_type') ?? TYPES.access
    if (!KNOWN_TYPES.includes(type)) {
      return refusal('invalid_request', 'The requested_token_type is not one that is made here.')
    }
    const rights = readRights(parameters)
    if (isRefusal(rights)) return rights
    const scope = scopeFor(subject, rights.scope)
    if (isRefusal(scope)) return scope
    const grant = newGrant({
      client,
      person: personOf(provider, subject, client),
      scope,
      audience: rights.audience,
      authTime: numberOf(subject['auth_time']),
      nonce: undefined,
    })
    if (type === TYPES.id) {
      const token = await makeIdToken(provider, call, grant, {})
      return exchangedFor(token, type, { expires_in: provider.settings.idTokenSeconds })
    }
    const extra = actor === undefined ? {} : { act: actingParty(actor, subject) }
    const { id_token: _, ...made } = await grantTokens(provider, call, grant, { extra })
    return { ...made, issued_token_type: type }
  },
}

/** The claims of the subject's or actor's token; undefined where the request has none. */
function exchanged(
  provider: Provider,
  call: Call,
  parameters: RequestParameters,
  role: 'subject' | 'actor',
): Claims | Refusal | undefined {
  const token = parameters.get(`${role}_token`)
  const type = parameters.get(`${role}_token_type`)
  if (token === undefined) {
    return type === undefined
      ? undefined
      : refusal('invalid_request', 'A token type is given without a token.')
  }
  if (type === undefined || !KNOWN_TYPES.includes(type)) {
    return refusal('invalid_request', 'The type of a token is missing or not supported.')
  }
  const own = readLiveToken(provider, call, token)
  const isAccessToken = own?.typ === undefined || own.typ === 'at+jwt'
  if (
    own === undefined ||
    typeof own.claims['sub'] !== 'string' ||
    (type === TYPES.access && !isAccessToken)
  ) {
    return refusal('invalid_request', 'A token is not valid, or not of the type that is given.')
  }
  return own.claims
}

/** ID tokens and the like have no scope that could be exceeded. */
function scopeFor(subject: Claims, asked: string): string | Refusal {
  const { scope } = subject
  return typeof scope === 'string' ? narrowedScope(scope, asked) : asked
}

/** Undefined where the subject is the client itself. */
function personOf({ directory }: Provider, subject: Claims, client: Client): Person | undefined {
  const sub = String(subject['sub'])
  if (sub === client.id || sub === subject['client_id']) {
    return sub === client.id ? undefined : stranger(sub)
  }
  return directory.person(sub) ?? stranger(sub)
}

function stranger(sub: string): Person {
  return { sub, settings: { sub }, claims: undefined }
}

/** Who acts, and whom that one acted for already (RFC 8693 §4.1). */
function actingParty(actor: Claims, subject: Claims): Claims {
  const { act } = subject
  return {
    sub: actor['sub'],
    ...(typeof actor['client_id'] === 'string' && { client_id: actor['client_id'] }),
    ...(act !== undefined && { act }),
  }
}

function exchangedFor(token: string, type: string, more: Claims): TokenResponse {
  return { access_token: token, issued_token_type: type, token_type: 'N_A', ...more }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
