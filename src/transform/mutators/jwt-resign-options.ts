import { z } from 'zod'
import { errorMessage, ResealError } from '../../core/errors.ts'
import { parseDuration } from '../../core/time.ts'
import type { AlgName } from '../../keys/algorithms.ts'
import { KEY_PROOFS, type KeyProof, type ProofRule, type ProofRules } from '../../keys/resign/key-proofs.ts'
import type { DefinitionOf } from '../document/member-schema.ts'

/** Values of the JOSE `alg` parameter that a step may ask for in the order messages list them. */
export const RESIGN_ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'ES256K',
  'EdDSA',
  'Ed25519',
  'Ed448',
] as const satisfies readonly AlgName[]

const SECRET_PATH = z
  .string()
  .min(1, 'must not be empty')
  .refine((path) => !/[\n\0]|-----BEGIN/.test(path), {
    error: 'must be the path of a file, and holds its content',
    params: { hint: 'Put the key in a file of the secrets directory and name that file here.' },
  })

/** A length of time such as `15m`, as milliseconds. */
const DURATION = z.string().transform((text, context) => {
  try {
    const ms = parseDuration(text)
    if (ms > 0) return ms
    context.addIssue({ code: 'custom', message: 'must be longer than nothing' })
  } catch (error) {
    // The sentence and hint of the parser, told at the place of the value.
    const hint = error instanceof ResealError ? error.hint : errorMessage(error)
    context.addIssue({ code: 'custom', message: 'is not a duration', params: { hint } })
  }
  return z.NEVER
})

const NAMES = z.array(z.string().min(1, 'must not be empty'))

const CLAIM_EDITS = z
  .strictObject({
    set: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Claims to set, with values of any JSON type.')
      .meta({ examples: [{ iss: 'http://localhost:8090', admin: true }] }),
    delete: NAMES.default([]).describe('Claims to remove.'),
  })
  .superRefine(refuseSetAndDeleted)

const HEADER_EDITS = z
  .strictObject({
    set: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('JOSE header parameters to set, but for alg and kid, which are options of their own.')
      .meta({ examples: [{ typ: 'at+jwt' }] }),
    delete: NAMES.default([]).describe('JOSE header parameters to remove.'),
  })
  .superRefine(refuseSetAndDeleted)
  .superRefine((edits, context) => {
    for (const part of ['set', 'delete'] as const) {
      const names = part === 'set' ? Object.keys(edits.set) : edits.delete
      for (const name of names.filter((name) => name === 'alg' || name === 'kid')) {
        const path = part === 'set' ? [part, name] : [part, edits.delete.indexOf(name)]
        const hint = `Use the option ${name} of jwt_resign.`
        context.addIssue({ code: 'custom', path, message: `cannot change ${name}`, params: { hint } })
      }
    }
  })

const KEY_FOR = z
  .strictObject({
    kid: z
      .exactOptional(z.string())
      .describe('The kid of the recorded token.')
      .meta({ examples: ['k1'] }),
    iss: z
      .exactOptional(z.string())
      .describe('The iss claim of the recorded token.')
      .meta({ examples: ['https://idp'] }),
    secretPath: z
      .exactOptional(SECRET_PATH)
      .describe('File of the signing key.')
      .meta({ examples: ['idp/k1.key'] }),
    issuer: z
      .exactOptional(z.string().min(1, 'must not be empty'))
      .describe('Name of one of the issuers.')
      .meta({ examples: ['main'] }),
  })
  .superRefine(({ kid, iss, secretPath, issuer }, context) => {
    if (kid === undefined && iss === undefined) {
      const params = { hint: 'Write kid: KID or iss: ISSUER, or both.' }
      context.addIssue({ code: 'custom', message: 'does not say which tokens it is for', params })
    }
    if ((secretPath === undefined) === (issuer === undefined)) {
      const params = { hint: 'Write secretPath: FILE or issuer: NAME, one of the two.' }
      context.addIssue({ code: 'custom', message: 'must name one key', params })
    }
  })

const PROOF_RULE = z
  .enum(['drop', 'reissue', 'keep'])
  .describe(
    'drop leaves it out, or says what the certificates in the key file say; reissue says it of the new key; keep leaves it.',
  )

const proofRule = () => z.exactOptional(PROOF_RULE)

const PROOF_RULES = {
  x5c: proofRule().describe('Certificates of the key; reissue makes one that the key signs itself.'),
  x5t: proofRule().describe('SHA-1 of the first certificate.'),
  'x5t#S256': proofRule().describe('SHA-256 of the first certificate.'),
  x5u: proofRule().describe('URL of the certificates; reissue leaves it out.'),
  jku: proofRule().describe('URL of a JWKS; reissue names the one of the replay that publishes the key.'),
  jwk: proofRule().describe('The key itself.'),
} as const satisfies Readonly<Record<KeyProof, unknown>>

function forAllProofs(rule: ProofRule): ProofRules {
  return Object.fromEntries(KEY_PROOFS.map((name) => [name, rule]))
}

const EDITS_NONE = { set: {}, delete: [] }

const RESIGN_FIELDS = {
  secretPath: z
    .exactOptional(SECRET_PATH)
    .describe('File of the signing key in the secrets directory. Without it, a key is generated.')
    .meta({ examples: ['jwt-demo/tls.key', '${{secret:jwt-demo/tls.key}}'] }),
  issuer: z
    .exactOptional(z.string().min(1, 'must not be empty'))
    .describe('Name of one of the issuers: signs with its key of the moment and follows its rotations.')
    .meta({ examples: ['main'] }),
  keys: z
    .array(KEY_FOR)
    .default([])
    .describe(
      'Keys of their own for some tokens, by kid or issuer; the first that fits signs, else the options above.',
    )
    .meta({
      examples: [
        [
          { kid: 'k1', secretPath: 'idp/k1.key' },
          { iss: 'https://b', issuer: 'main' },
        ],
      ],
    }),
  passphrasePath: z
    .exactOptional(SECRET_PATH)
    .describe('File of the passphrase of an encrypted key, in the secrets directory.')
    .meta({ examples: ['jwt-demo/passphrase'] }),
  encoding: z
    .exactOptional(z.enum(['raw', 'base64', 'base64url', 'hex']))
    .describe('How the file of an HMAC secret is encoded. Without it, the recorded token decides.'),
  trim: z
    .exactOptional(z.boolean())
    .describe('false keeps the line end at the end of an HMAC secret file; it is left out otherwise.'),
  alg: z
    .enum(['keep', 'auto', ...RESIGN_ALGORITHMS])
    .default('keep')
    .describe(
      'Algorithm: keep the recorded one, auto for what the key is made for, or a name (RFC 7518 §3.1).',
    )
    .meta({ title: 'keep, auto or the name of an algorithm' }),
  kid: z
    .union([
      z.enum(['auto', 'keep', 'thumbprint', 'remove']),
      z.strictObject({ value: z.string().describe('The kid to write.') }),
    ])
    .default('auto')
    .describe(
      'Key id: auto keeps the recorded one, under which the `jwks` step publishes the key that signs.',
    )
    .meta({ examples: ['keep', { value: 'key-1' }] }),
  proofs: z
    .union([PROOF_RULE.transform(forAllProofs), z.strictObject(PROOF_RULES)])
    .default({})
    .describe(
      'What becomes of header members that prove the recorded key where another one signs, all alike or by name.',
    )
    .meta({ examples: ['reissue', { jku: 'reissue', x5u: 'keep' }] }),
  header: HEADER_EDITS.default(EDITS_NONE)
    .describe('Changes to the JOSE header.')
    .meta({ examples: [{ set: { typ: 'at+jwt' } }] }),
  claims: CLAIM_EDITS.default(EDITS_NONE)
    .describe('Changes to the claims.')
    .meta({ examples: [{ set: { admin: true }, delete: ['nonce'] }] }),
  time: z
    .union([
      z.enum(['shift', 'keep']),
      z
        .strictObject({
          ttl: DURATION.describe('Lifetime of every token.').meta({ examples: ['15m', '24h'] }),
        })
        .transform(({ ttl }) => ({ ttlMs: ttl })),
    ])
    .default('shift')
    .describe('shift moves the times of the token by its age, keep leaves them, ttl gives a fixed lifetime.')
    .meta({ examples: ['shift', { ttl: '15m' }] }),
  timeClaims: NAMES.default([])
    .describe('Claims that hold a time besides iat, nbf, exp and auth_time.')
    .meta({ examples: [['session_exp']] }),
  transition: DURATION.prefault('1h')
    .describe('How long a jwks step publishes a key on after its file has got another one while serving.')
    .meta({ examples: ['1h', '10m'] }),
  prefixes: z
    .array(z.string())
    .default(['Bearer '])
    .describe('Text that may stand before the token, such as in a header.')
    .meta({ examples: [['Bearer ', 'DPoP ']] }),
}

/** The options of `jwt_resign`, defaults filled in. */
export type JwtResignDefinition = DefinitionOf<'jwt_resign', typeof JWT_RESIGN_OPTIONS>

/** `jwt_resign`: signs a JWT again. */
export const JWT_RESIGN_OPTIONS = z
  .strictObject(RESIGN_FIELDS)
  .superRefine(refuseSecretOptionsAlone)
  .describe('Signs a JWT again, keeping everything of it that the options do not change.')

/**
 * The same step as Speedscale configures it: replacements for claims beside `secretPath`, `claims` as
 * `key1=val1,key2=val2`, `prefixes` as one text with commas.
 */
export const SPEEDSCALE_JWT_RESIGN_CONFIG = z
  .strictObject({
    ...RESIGN_FIELDS,
    iss: z.exactOptional(z.string()).describe('Speedscale: the iss claim to set.'),
    aud: z.exactOptional(z.string()).describe('Speedscale: the aud claim to set.'),
    sub: z.exactOptional(z.string()).describe('Speedscale: the sub claim to set.'),
    claims: z
      .union([CLAIM_EDITS, z.string().transform(readAssignments)])
      .default(EDITS_NONE)
      .describe('Changes to the claims; Speedscale: key1=val1,key2=val2.'),
    prefixes: z
      .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
      .default(['Bearer '])
      .describe('Text that may stand before the token; Speedscale: one text with commas.'),
  })
  .superRefine(refuseSecretOptionsAlone)
  .transform(({ iss, aud, sub, claims, ...options }) => {
    const named = Object.entries({ iss, aud, sub }).filter(([, value]) => value !== undefined)
    return { ...options, claims: { ...claims, set: { ...Object.fromEntries(named), ...claims.set } } }
  })

function readAssignments(
  text: string,
  context: z.core.$RefinementCtx,
): { set: Record<string, unknown>; delete: string[] } {
  const pairs = text.split(',').map((assignment) => {
    const equals = assignment.indexOf('=')
    return [assignment.slice(0, Math.max(0, equals)).trim(), assignment.slice(equals + 1)] as const
  })
  if (pairs.every(([name]) => name !== '')) return { set: Object.fromEntries(pairs), delete: [] }
  const hint = 'Write claims: {set: {name: value}}.'
  context.addIssue({ code: 'custom', message: 'is not key1=val1,key2=val2', params: { hint } })
  return z.NEVER
}

function refuseSetAndDeleted(
  edits: { readonly set: Readonly<Record<string, unknown>>; readonly delete: readonly string[] },
  context: z.core.$RefinementCtx,
): void {
  for (const [index, name] of edits.delete.entries()) {
    if (!Object.hasOwn(edits.set, name)) continue
    const params = { hint: 'Keep one of the two.' }
    context.addIssue({
      code: 'custom',
      path: ['delete', index],
      message: `removes "${name}", which is also set`,
      params,
    })
  }
}

/** Options about a secret file mean nothing without one, and an issuer brings keys, algs and kids of its own. */
function refuseSecretOptionsAlone(
  options: { readonly secretPath?: string; readonly issuer?: string; readonly [option: string]: unknown },
  context: z.core.$RefinementCtx,
): void {
  if (options.secretPath !== undefined) {
    if (options.issuer === undefined) return
    const params = { hint: 'Keep one of the two.' }
    context.addIssue({
      code: 'custom',
      path: ['issuer'],
      message: 'and secretPath both say what signs',
      params,
    })
    return
  }
  for (const name of ['passphrasePath', 'encoding', 'trim'] as const) {
    if (options[name] === undefined) continue
    const params = { hint: `Add secretPath, or remove ${name}.` }
    context.addIssue({
      code: 'custom',
      path: [name],
      message: 'is about a secret file, and there is none',
      params,
    })
  }
}
