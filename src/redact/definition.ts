/** A step down a JSON document: to members or positions of these names, or to any; at this level or at any below. */
export interface PathStep {
  readonly deep: boolean
  /** Undefined for any. */
  readonly names: readonly string[] | undefined
}

/** What is redacted; every part can be turned off, and lists add to what is known. */
export interface RedactDefinition {
  /** Signatures of JWTs, authentication tags of JWEs. */
  readonly jwt: boolean
  /** `Authorization: Basic` and its like. */
  readonly basic: boolean
  /** Credentials of every other scheme, unless they are JWTs. */
  readonly bearer: boolean
  /** Header fields known to hold keys. */
  readonly keys: boolean
  /** Values of cookies: of all, of none, or of those with these names. */
  readonly cookies: boolean | readonly string[]
  /** Members, form fields and parameters known to hold secrets. */
  readonly names: boolean
  /** Private keys in PEM and in JWKs. */
  readonly privateKeys: boolean
  /** User and password in URLs. */
  readonly userinfo: boolean
  /** Places in JSON bodies. */
  readonly paths: readonly (readonly PathStep[])[]
  /** Header fields. */
  readonly headers: readonly string[]
  /** Query parameters. */
  readonly query: readonly string[]
  /** Form fields. */
  readonly form: readonly string[]
  /** Expressions; what the first group matches, or all that they match where there is none, is redacted anywhere. */
  readonly patterns: readonly string[]
  /** Names of header fields, cookies, members, fields and parameters that stay as they are. */
  readonly except: readonly string[]
}

/** Everything that is known. */
export const EVERY_PART = {
  jwt: true,
  basic: true,
  bearer: true,
  keys: true,
  cookies: true,
  names: true,
  privateKeys: true,
  userinfo: true,
} as const satisfies Partial<RedactDefinition>

/** What is redacted unless somebody says otherwise. */
export const REDACT_ALL: RedactDefinition = {
  ...EVERY_PART,
  paths: [],
  headers: [],
  query: [],
  form: [],
  patterns: [],
  except: [],
}

/** Nothing is. */
export const REDACT_NOTHING: RedactDefinition = {
  ...REDACT_ALL,
  jwt: false,
  basic: false,
  bearer: false,
  keys: false,
  cookies: false,
  names: false,
  privateKeys: false,
  userinfo: false,
}
