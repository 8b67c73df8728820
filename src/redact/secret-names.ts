/**
 * Names that hold a secret, as a placeholder spells them, with the other spellings there are of each. `_` stands for
 * `_`, `-` or nothing, and case does not count: `client_secret` is `clientSecret` and `Client-Secret` as well.
 */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  client_secret: [],
  password: [
    'passwd',
    'pwd',
    'new_password',
    'old_password',
    'current_password',
    'confirm_password',
    'password_confirmation',
    'user_password',
  ],
  passphrase: [],
  secret: ['secret_key', 'shared_secret', 'device_secret', 'user_secret', 'app_secret'],
  access_token: ['registration_access_token', 'user_access_token'],
  refresh_token: [],
  id_token: ['id_token_hint'],
  token: ['auth_token', 'bearer_token', 'session_token', 'security_token', 'x_auth_token', 'api_token'],
  subject_token: [],
  actor_token: [],
  client_assertion: [],
  assertion: [],
  saml_response: [],
  api_key: ['x_api_key', 'subscription_key', 'app_key'],
  secret_access_key: ['aws_secret_access_key'],
  private_key: [],
}

/** Names that say nothing of secrets in a query, where they also are cursors and search words. */
const NOT_IN_QUERY: ReadonlySet<string> = new Set(['token', 'secret'])

/** Query parameters that sign a URL: whoever has it may use it (AWS Signature 4, Google Cloud Storage, Azure SAS). */
const URL_SIGNATURES: readonly string[] = [
  'x_amz_signature',
  'x_amz_security_token',
  'x_goog_signature',
  'sig',
]

/** Header fields whose whole value is a credential. */
export const KEY_HEADERS: readonly string[] = [
  'x-api-key',
  'api-key',
  'apikey',
  'x-apikey',
  'x-api-token',
  'x-auth-token',
  'x-auth-key',
  'x-access-token',
  'x-session-token',
  'x-amz-security-token',
  'x-goog-api-key',
  'x-functions-key',
  'x-vault-token',
  'x-forwarded-access-token',
  'x-shopify-access-token',
  'ocp-apim-subscription-key',
  'private-token',
  'job-token',
  'deploy-token',
]

/** Private members of a JWK (RFC 7518 §6.2.2, §6.3.2, §6.4). */
export const PRIVATE_JWK_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])

/** The member of a JWS in its JSON form that makes it one (RFC 7515 §7.2). */
export const JWS_SIGNATURE = 'signature'

/** What placeholders call the secret under a name, by the name as {@link plainName} has it. */
export function secretNames(where: 'member' | 'field' | 'query'): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [name, others] of Object.entries(NAMES)) {
    for (const spelling of [name, ...others]) {
      if (where !== 'query' || !NOT_IN_QUERY.has(spelling)) names.set(plainName(spelling), name)
    }
  }
  if (where === 'query') for (const name of URL_SIGNATURES) names.set(plainName(name), name)
  return names
}

/** A name without what spellings differ in. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}
