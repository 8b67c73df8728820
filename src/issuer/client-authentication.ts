import { claimProblem, isSignedBy, readAssertion, replayProblem } from './assertion.ts'
import { readBasicCredentials, type BasicCredentials } from './basic-credentials.ts'
import type { Client } from './directory.ts'
import type { Call, Provider } from './provider.ts'
import { isRefusal, refusal, type Refusal } from './refusal.ts'
import { readForm, type RequestParameters } from './request-parameters.ts'
import { CLIENT_AUTH_METHODS, type ClientAuthMethod } from './settings.ts'

/** A client that has shown who it is. */
export interface AuthenticatedClient {
  readonly client: Client
  /** `none` where it only said so. */
  readonly method: ClientAuthMethod
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * Finds out which client is asking, by the one method it uses (RFC 6749 §2.3, RFC 7523 §2.2). A client that is taken
 * because none is configured may show any secret, and an assertion signed by anybody.
 */
export function authenticateClient(
  provider: Provider,
  call: Call,
  parameters: RequestParameters,
): AuthenticatedClient | Refusal {
  const basic = readBasicCredentials(call.request.headers)
  if (isRefusal(basic)) return basic
  const secret = parameters.get('client_secret')
  const assertion = parameters.get('client_assertion')
  if ([basic, secret, assertion].filter((proof) => proof !== undefined).length > 1) {
    return refusal('invalid_request', 'The client authenticates in more than one way.')
  }
  if (basic !== undefined) return byBasic(provider, parameters, basic)
  if (assertion !== undefined) return byAssertion(provider, call, parameters, assertion)
  const id = parameters.get('client_id')
  if (id === undefined) return refusal('invalid_client', 'The request does not say which client it is from.')
  const client = provider.directory.client(id)
  return secret === undefined
    ? provenIf(client, 'none', () => true)
    : provenIf(client, 'client_secret_post', (known) => known.isSecret(secret))
}

/** A form together with the client that sent it. */
export interface ClientForm extends AuthenticatedClient {
  readonly parameters: RequestParameters
}

/** Reads the form of a request and finds out which client is asking. */
export function readClientForm(provider: Provider, call: Call): ClientForm | Refusal {
  const parameters = readForm(call.request)
  if (isRefusal(parameters)) return parameters
  const authenticated = authenticateClient(provider, call, parameters)
  return isRefusal(authenticated) ? authenticated : { ...authenticated, parameters }
}

/** The ways in which a client may authenticate. */
function methodsOf({ anyone, settings, keys }: Client): readonly ClientAuthMethod[] {
  if (settings.authMethod !== undefined) return [settings.authMethod]
  if (anyone) return CLIENT_AUTH_METHODS
  const methods: ClientAuthMethod[] = []
  if (settings.secret !== undefined) {
    methods.push('client_secret_basic', 'client_secret_post', 'client_secret_jwt')
  }
  if (keys !== undefined) methods.push('private_key_jwt')
  return methods.length === 0 ? ['none'] : methods
}

function provenIf(
  client: Client | undefined,
  method: ClientAuthMethod,
  isProven: (client: Client) => boolean,
): AuthenticatedClient | Refusal {
  // One answer for the unknown client and the wrong proof: who is known is nobody's business.
  if (client === undefined || !methodsOf(client).includes(method) || !isProven(client)) return UNPROVEN
  return { client, method }
}

const UNPROVEN = refusal(
  'invalid_client',
  'The client is unknown, its proof is wrong, or it authenticates in a way that is not its own.',
)

function byBasic(
  { directory }: Provider,
  parameters: RequestParameters,
  { clientId, secret }: BasicCredentials,
): AuthenticatedClient | Refusal {
  if ((parameters.get('client_id') ?? clientId) !== clientId) {
    return refusal('invalid_request', 'The client_id is another one than in the Authorization header.')
  }
  if (clientId === '') return UNPROVEN
  return provenIf(directory.client(clientId), 'client_secret_basic', (known) => known.isSecret(secret))
}

/** RFC 7523 §3, OpenID Connect Core §9: `iss` and `sub` are the client, `jti` is there and new. */
function byAssertion(
  provider: Provider,
  call: Call,
  parameters: RequestParameters,
  text: string,
): AuthenticatedClient | Refusal {
  if (parameters.get('client_assertion_type') !== JWT_BEARER) {
    return refusal('invalid_request', 'The client_assertion_type is not the one for JWTs.')
  }
  const assertion = readAssertion(text)
  if (assertion === undefined) return refusal('invalid_client', 'The client_assertion is not a JWT.')
  const { iss, sub, jti } = assertion.claims
  if (typeof sub !== 'string' || sub === '' || iss !== sub || (parameters.get('client_id') ?? sub) !== sub) {
    return refusal('invalid_client', 'The iss and sub of the client_assertion are not the client.')
  }
  const method = assertion.jwt.alg.startsWith('HS') ? 'client_secret_jwt' : 'private_key_jwt'
  const proven = provenIf(
    provider.directory.client(sub),
    method,
    (known) => known.anyone || isSignedBy(known, assertion),
  )
  if (isRefusal(proven)) return proven
  if (jti === undefined) return refusal('invalid_client', 'The client_assertion has no jti.')
  return (
    claimProblem(provider, call, assertion, 'invalid_client') ??
    replayProblem(provider, sub, assertion, 'invalid_client') ??
    proven
  )
}
