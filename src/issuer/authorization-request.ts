import type { Client, Directory } from './directory.ts'
import { readChallenge, type CodeChallenge } from './pkce.ts'
import { mayRedirectTo } from './redirect-uri.ts'
import { isRefusal, refusal, type OAuthErrorCode, type Refusal } from './refusal.ts'
import type { RequestParameters } from './request-parameters.ts'
import { readRights, type AskedRights } from './request-scope.ts'

/** How the answer reaches the client (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode). */
export type ResponseMode = 'query' | 'fragment' | 'form_post'

/** What an answer may hold. */
export type ResponsePart = 'code' | 'token' | 'id_token'

/** Where and how the answer goes. */
export interface ResponseTarget {
  readonly redirectUri: string
  readonly mode: ResponseMode
  readonly state: string | undefined
}

/** An authorization request in which everything is right (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1). */
export interface AuthorizationRequest extends AskedRights {
  readonly client: Client
  readonly target: ResponseTarget
  /** Whether the request named the redirect URI, and so the token request must (RFC 6749 §4.1.3). */
  readonly namedRedirectUri: boolean
  readonly parts: ReadonlySet<ResponsePart>
  readonly nonce: string | undefined
  readonly challenge: CodeChallenge | undefined
  readonly prompts: ReadonlySet<string>
  readonly maxAgeSeconds: number | undefined
  readonly loginHint: string | undefined
  /** Not verified yet. */
  readonly idTokenHint: string | undefined
}

/** A request whose client can be told, at a place that is the client's, what is wrong. */
export interface ReturnedRefusal {
  readonly target: ResponseTarget
  readonly because: Refusal
}

export const RESPONSE_MODES: readonly ResponseMode[] = ['query', 'fragment', 'form_post']

/** The combinations of `response_type`, as discovery lists them. */
export const RESPONSE_TYPES: readonly string[] = [
  'code',
  'token',
  'id_token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
]

export const PROMPTS: readonly string[] = ['none', 'login', 'consent', 'select_account']

/**
 * Reads an authorization request.
 * @returns a {@link Refusal} where nobody but the person may be told: the client or its redirect URI is not known
 */
export function readAuthorization(
  directory: Directory,
  parameters: RequestParameters,
): AuthorizationRequest | ReturnedRefusal | Refusal {
  const client = clientOf(directory, parameters)
  if (isRefusal(client)) return client
  const redirectUri = redirectUriOf(client, parameters)
  if (isRefusal(redirectUri)) return redirectUri
  const parts = partsOf(parameters.get('response_type'))
  const state = parameters.get('state')
  const mode = modeOf(parameters.get('response_mode'), parts)
  const target: ResponseTarget = {
    redirectUri,
    state,
    mode: isRefusal(mode) ? defaultMode(parts) : mode,
  }
  const wishes = isRefusal(parts) || isRefusal(mode) ? undefined : wishesOf(client, parts, parameters)
  const because = [parts, mode, wishes].find(isRefusal)
  if (because !== undefined || wishes === undefined || isRefusal(wishes) || isRefusal(parts)) {
    return { target, because: because ?? refusal('invalid_request', 'The request cannot be read.') }
  }
  return {
    ...wishes,
    client,
    target,
    parts,
    namedRedirectUri: parameters.get('redirect_uri') !== undefined,
  }
}

function clientOf(directory: Directory, parameters: RequestParameters): Client | Refusal {
  const id = parameters.get('client_id')
  if (id === undefined) return refusal('invalid_request', 'The client_id is missing.')
  return directory.client(id) ?? refusal('invalid_client', 'No client has this client_id.')
}

function redirectUriOf(client: Client, parameters: RequestParameters): string | Refusal {
  const named = parameters.get('redirect_uri')
  const known = client.settings.redirectUris
  const uri = named ?? (known?.length === 1 ? known[0] : undefined)
  if (uri === undefined) return refusal('invalid_request', 'The redirect_uri is missing.')
  if (mayRedirectTo(client.settings, uri)) return uri
  return refusal('invalid_request', 'The redirect_uri is not one of this client.')
}

function partsOf(responseType: string | undefined): ReadonlySet<ResponsePart> | Refusal {
  if (responseType === undefined) return refusal('invalid_request', 'The response_type is missing.')
  // The order of the words means nothing (RFC 6749 §3.1.1).
  const sorted = responseType.split(' ').toSorted().join(' ')
  if (!RESPONSE_TYPES.some((known) => known.split(' ').toSorted().join(' ') === sorted)) {
    return refusal('unsupported_response_type', 'The response_type is not supported.')
  }
  const words = responseType.split(' ')
  return new Set(PARTS.filter((part) => words.includes(part)))
}

const PARTS: readonly ResponsePart[] = ['code', 'token', 'id_token']

function defaultMode(parts: ReadonlySet<ResponsePart> | Refusal): ResponseMode {
  return isRefusal(parts) || (parts.size === 1 && parts.has('code')) ? 'query' : 'fragment'
}

function modeOf(
  asked: string | undefined,
  parts: ReadonlySet<ResponsePart> | Refusal,
): ResponseMode | Refusal {
  if (asked === undefined) return defaultMode(parts)
  const mode = RESPONSE_MODES.find((known) => known === asked)
  if (mode === undefined) return refusal('invalid_request', 'The response_mode is not supported.')
  // Tokens in a query end up in logs and Referer headers (OAuth 2.0 Multiple Response Types §5).
  return mode === 'query' && defaultMode(parts) === 'fragment'
    ? refusal('invalid_request', 'Tokens are not sent with the response_mode query.')
    : mode
}

/** Parameters by which a request would be something that is not supported (OpenID Connect Core §3.1.2.6). */
const UNSUPPORTED: Readonly<Record<string, OAuthErrorCode>> = {
  request: 'request_not_supported',
  request_uri: 'request_uri_not_supported',
  registration: 'registration_not_supported',
}

type Wishes = Omit<AuthorizationRequest, 'client' | 'target' | 'parts' | 'namedRedirectUri'>

function wishesOf(
  client: Client,
  parts: ReadonlySet<ResponsePart>,
  parameters: RequestParameters,
): Wishes | Refusal {
  const unsupported = Object.entries(UNSUPPORTED).find(([name]) => parameters.get(name) !== undefined)
  if (unsupported !== undefined)
    return refusal(unsupported[1], 'The request has a parameter that is not supported.')
  const { grants } = client.settings
  const needed = [...parts].map((part) => (part === 'code' ? 'authorization_code' : 'implicit'))
  if (grants !== undefined && needed.some((grant) => !grants.includes(grant))) {
    return refusal('unauthorized_client', 'The client may not use this response_type.')
  }
  const rights = readRights(parameters)
  if (isRefusal(rights)) return rights
  const challenge = readChallenge(parameters.get('code_challenge'), parameters.get('code_challenge_method'))
  if (isRefusal(challenge)) return challenge
  const nonce = parameters.get('nonce')
  if (parts.has('id_token') && nonce === undefined) {
    return refusal('invalid_request', 'The nonce is missing, which an id_token from here must have.')
  }
  const login = loginWishes(parameters)
  return isRefusal(login) ? login : { ...rights, ...login, challenge, nonce }
}

function loginWishes(
  parameters: RequestParameters,
): Pick<Wishes, 'prompts' | 'maxAgeSeconds' | 'loginHint' | 'idTokenHint'> | Refusal {
  const prompts = new Set((parameters.get('prompt') ?? '').split(' ').filter((word) => word !== ''))
  if ([...prompts].some((prompt) => !PROMPTS.includes(prompt))) {
    return refusal('invalid_request', 'The prompt is not supported.')
  }
  if (prompts.has('none') && prompts.size > 1) {
    return refusal('invalid_request', 'The prompt none goes with no other.')
  }
  const maxAge = parameters.get('max_age')
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) {
    return refusal('invalid_request', 'The max_age is not a number of seconds.')
  }
  return {
    prompts,
    maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
    loginHint: parameters.get('login_hint'),
    idTokenHint: parameters.get('id_token_hint'),
  }
}
