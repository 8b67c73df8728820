import { z } from 'zod'
import { errorMessage } from '../core/errors.ts'
import type { SourceSection } from '../core/source-section.ts'
import { parseDuration } from '../core/time.ts'
import { ALGORITHMS } from '../keys/algorithms.ts'
import type { IssuerDefinition } from '../issuer/issuer-definition.ts'
import type { IssuerSettings } from '../issuer/settings.ts'
import { CLIENT_FIELDS } from './client-routes.ts'
import { FAULT_SCHEMA } from './fault-definition.ts'
import { knownWord } from './known-word.ts'
import { schemaComplaint } from './schema-complaint.ts'
import { USER_FIELDS } from './user-routes.ts'

/** A length of time as users write it, in seconds. */
const SECONDS = z.union([z.literal(0), z.string()]).transform((text, context) => {
  try {
    return text === 0 ? 0 : parseDuration(text) / 1000
  } catch (error) {
    context.addIssue({ code: 'custom', message: `must be a duration: ${errorMessage(error)}` })
    return z.NEVER
  }
})
const ALG = knownWord(ALGORITHMS)
const CLAIMS = z.record(z.string(), z.unknown())

/** One issuer under `issuers:`, in `config/reseal.yaml` or a transform document. */
const ISSUER = z.strictObject({
  issuer: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Its URL, to the byte; default: where it is served.'),
  listen: z.string().optional().describe('HOST:PORT of its own; default: the listeners of the command.'),
  alg: z
    .union([ALG, z.array(ALG).min(1)])
    .optional()
    .describe('What it signs; default RS256.'),
  key: z.string().optional().describe('Mounted secret with the signing key, followed when it changes.'),
  passphrase: z.string().optional().describe('Mounted secret with the passphrase of the key.'),
  rotateEvery: SECONDS.optional().describe('How long a key signs; default: keys rotate by call only.'),
  transition: SECONDS.optional().describe('How long a key stays published after it signed last; default 1h.'),
  lead: SECONDS.optional().describe('How long a key is published before it signs; default 10m.'),
  data: z.string().optional().describe('Directory where keys survive a restart.'),
  accessTokenTtl: SECONDS.optional(),
  idTokenTtl: SECONDS.optional(),
  refreshTokenTtl: SECONDS.optional(),
  accessTokens: z.enum(['jwt', 'opaque']).optional(),
  login: z.enum(['page', 'auto']).optional().describe('Whether a person logs in on a page; default page.'),
  audience: z.union([z.string(), z.array(z.string())]).optional(),
  claims: z
    .strictObject({
      all: CLAIMS.optional(),
      accessToken: CLAIMS.optional(),
      idToken: CLAIMS.optional(),
      userinfo: CLAIMS.optional(),
      scopes: z.record(z.string(), CLAIMS).optional(),
      clients: z.record(z.string(), CLAIMS).optional(),
      users: z.record(z.string(), CLAIMS).optional(),
    })
    .optional()
    .describe('Claims to add, with ${sub}, ${client_id}, ${scope} and the like filled in.'),
  trustForwarded: z.boolean().optional(),
  clients: z.array(z.strictObject({ clientId: z.string().min(1), ...CLIENT_FIELDS })).optional(),
  users: z.array(z.strictObject({ sub: z.string().optional(), ...USER_FIELDS })).optional(),
  faults: z.array(FAULT_SCHEMA).optional(),
})

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/**
 * The issuers of a section, by name.
 * @throws ResealError CONFIG_INVALID or TRANSFORM_INVALID at the place of what is wrong
 */
export function parseIssuers(section: SourceSection | undefined): readonly IssuerDefinition[] {
  if (section === undefined) return []
  const { value } = section
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw section.errorAt(
      section.placeOf([]),
      'issuers must be a map from names to issuers',
      'Write issuers: { main: {} }.',
    )
  }
  return Object.entries(value).map(([name, issuer]) => {
    if (!NAME.test(name)) {
      const hint = 'A name has 1 to 64 letters, digits, "_" and "-".'
      throw section.errorAt(section.placeOf([name]), 'This is not a name for an issuer', hint)
    }
    const parsed = ISSUER.safeParse(issuer ?? {})
    if (parsed.success) return definitionOf(name, parsed.data)
    const path = parsed.error.issues[0]?.path.filter((part) => typeof part !== 'symbol') ?? []
    throw section.errorAt(section.placeOf([name, ...path]), schemaComplaint(`Issuer ${name}`, parsed.error))
  })
}

function definitionOf(name: string, issuer: z.output<typeof ISSUER>): IssuerDefinition {
  const { accessTokenTtl, idTokenTtl, refreshTokenTtl, accessTokens, login, audience, claims } = issuer
  const { trustForwarded, clients, users } = issuer
  const settings: Partial<{ -readonly [K in keyof IssuerSettings]: IssuerSettings[K] | undefined }> = {
    accessTokenSeconds: accessTokenTtl,
    idTokenSeconds: idTokenTtl,
    refreshTokenSeconds: refreshTokenTtl,
    accessTokens,
    login,
    audience,
    claims: claims as IssuerSettings['claims'] | undefined,
    trustForwarded,
    clients,
    users,
  }
  return {
    name,
    issuer: issuer.issuer,
    listen: issuer.listen,
    settings: given(settings),
    keys: {
      algs: issuer.alg === undefined ? undefined : [issuer.alg].flat(),
      mounted: issuer.key === undefined ? undefined : { secretPath: issuer.key },
      passphrasePath: issuer.passphrase,
      rotateEverySeconds: issuer.rotateEvery,
      transitionSeconds: issuer.transition,
      leadSeconds: issuer.lead,
      directory: issuer.data,
    },
    faults: issuer.faults ?? [],
  }
}

/** Only what was said, so that defaults stand. */
function given(settings: {
  [K in keyof IssuerSettings]?: IssuerSettings[K] | undefined
}): Partial<IssuerSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}
