/** The endpoints of an issuer. */
export const ENDPOINT_NAMES = [
  'discovery',
  'jwks',
  'token',
  'authorize',
  'login',
  'userinfo',
  'introspect',
  'revoke',
  'logout',
  'par',
  'deviceAuthorization',
  'device',
  'auth',
  'authLogin',
] as const

export type EndpointName = (typeof ENDPOINT_NAMES)[number]
