import { ALGORITHMS } from '../../keys/algorithms.ts'
import { GRANTS } from '../grants/grant-types.ts'
import { PROMPTS, RESPONSE_MODES, RESPONSE_TYPES } from '../authorization-request.ts'
import { STANDARD_CLAIMS, STANDARD_SCOPES } from '../claim-book.ts'
import { jsonAnswer } from '../http-answer.ts'
import { CHALLENGE_METHODS } from '../pkce.ts'
import { urlBelow, type Provider } from '../provider.ts'
import { CLIENT_AUTH_METHODS, type Claims } from '../settings.ts'
import { authorize } from './authorize.ts'
import { deviceAuthorization } from './device-authorization.ts'
import type { Endpoint } from './endpoint.ts'
import { introspect } from './introspect.ts'
import { jwks, PUBLIC_JSON } from './jwks.ts'
import { logout } from './logout.ts'
import { par } from './par.ts'
import { revoke } from './revoke.ts'
import { token } from './token.ts'
import { userinfo } from './userinfo.ts'

const OPENID = '/.well-known/openid-configuration'
const OAUTH = '/.well-known/oauth-authorization-server'

/**
 * What this issuer is and can do (OpenID Connect Discovery §3, RFC 8414 §2), at both places where clients look: behind
 * the issuer's path and before it.
 */
export const discovery: Endpoint = {
  paths: [OPENID, OAUTH],
  pathsBeforeIssuer: [OAUTH, OPENID],
  methods: ['GET'],
  cors: true,
  answer: (provider, { issuer }) => jsonAnswer(200, metadata(provider, issuer), PUBLIC_JSON),
}

/** The endpoints that discovery names. */
const NAMED_ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  authorization_endpoint: authorize,
  token_endpoint: token,
  jwks_uri: jwks,
  userinfo_endpoint: userinfo,
  introspection_endpoint: introspect,
  revocation_endpoint: revoke,
  end_session_endpoint: logout,
  pushed_authorization_request_endpoint: par,
  device_authorization_endpoint: deviceAuthorization,
}

/** A client of the token endpoint may also stay unproven, one of introspection may not (RFC 7662 §2.1). */
const PROVEN_METHODS = CLIENT_AUTH_METHODS.filter((method) => method !== 'none')

/** What a client may sign its assertions with. */
const ASSERTION_ALGS = Object.keys(ALGORITHMS)

function metadata({ ring }: Provider, issuer: string): Claims {
  return {
    issuer,
    ...Object.fromEntries(
      Object.entries(NAMED_ENDPOINTS).map(([name, { paths }]) => [name, urlBelow(issuer, paths[0])]),
    ),
    response_types_supported: RESPONSE_TYPES,
    response_modes_supported: RESPONSE_MODES,
    grant_types_supported: [...GRANTS.keys(), 'implicit'],
    subject_types_supported: ['public'],
    // RS256 must be listed whatever the keys (OpenID Connect Discovery §3), and some clients look for it.
    id_token_signing_alg_values_supported: [...new Set([...ring.algs, 'RS256'])],
    introspection_signing_alg_values_supported: ring.algs,
    token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    introspection_endpoint_auth_methods_supported: PROVEN_METHODS,
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    code_challenge_methods_supported: Object.keys(CHALLENGE_METHODS),
    scopes_supported: STANDARD_SCOPES,
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'auth_time', 'nonce', ...STANDARD_CLAIMS],
    prompt_values_supported: PROMPTS,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
  }
}
