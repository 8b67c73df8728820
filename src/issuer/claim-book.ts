import { compileTemplate, type FillClaims } from './claim-template.ts'
import type { Client, Person } from './directory.ts'
import type { Claims, ClaimTemplate, ClaimTemplates } from './settings.ts'

/** Where claims go. */
export type ClaimTarget = 'accessToken' | 'idToken' | 'userinfo'

/** What a token is made for. */
export interface ClaimSubject {
  readonly client: Client | undefined
  readonly person: Person | undefined
  readonly scope: string
  /** Values for placeholders, beside those of the user. */
  readonly values: Claims
}

/** Every claim template of an issuer, ready to be filled. */
export interface ClaimBook {
  /** The claims that templates and the user's own claims add; undefined where there are none. */
  claimsFor(target: ClaimTarget, subject: ClaimSubject): Claims | undefined
}

export function createClaimBook(templates: ClaimTemplates): ClaimBook {
  const all = compiled(templates.all)
  const targets = {
    accessToken: compiled(templates.accessToken),
    idToken: compiled(templates.idToken),
    userinfo: compiled(templates.userinfo),
  }
  const scopes = compiledEach(templates.scopes)
  const clients = compiledEach(templates.clients)
  const users = compiledEach(templates.users)

  const fillsFor = (target: ClaimTarget, { client, person, scope }: ClaimSubject): readonly FillClaims[] =>
    [
      all,
      targets[target],
      ...(scopes.size === 0 ? [] : scopeList(scope).map((name) => scopes.get(name))),
      client && clients.get(client.id),
      client?.claims,
      ...(person === undefined || users.size === 0
        ? []
        : idsOf(person).map((id) => (id === undefined ? undefined : users.get(id)))),
    ].filter((fill) => fill !== undefined)

  return {
    claimsFor: (target, subject) => {
      const fills = fillsFor(target, subject)
      const { person } = subject
      if (fills.length === 0 && person === undefined) return undefined
      const values = valuesFor(subject)
      const own = person === undefined ? {} : ownClaims(target, subject.scope, person, values)
      return merged([...fills.map((fill) => fill(values)), own])
    },
  }
}

/** The scopes of a scope string (RFC 6749 §3.3). */
export function scopeList(scope: string): readonly string[] {
  return scope.split(' ').filter((name) => name !== '')
}

/** Which claims a scope asks for (OpenID Connect Core §5.4). */
const SCOPE_CLAIMS: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name',
    'family_name',
    'given_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'gender',
    'birthdate',
    'zoneinfo',
    'locale',
    'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
}

/** Scopes and claims that discovery lists. */
export const STANDARD_SCOPES: readonly string[] = ['openid', ...Object.keys(SCOPE_CLAIMS), 'offline_access']
export const STANDARD_CLAIMS: readonly string[] = Object.values(SCOPE_CLAIMS).flat()

const GATED: ReadonlySet<string> = new Set(STANDARD_CLAIMS)

/** The user's claims: those of a standard scope only where it was asked for, and never in access tokens; others everywhere. */
function ownClaims(target: ClaimTarget, scope: string, person: Person, values: Claims): Claims {
  const asked =
    target === 'accessToken'
      ? new Set<string>()
      : new Set(
          scopeList(scope).flatMap(
            (name) => (Object.hasOwn(SCOPE_CLAIMS, name) ? SCOPE_CLAIMS[name] : []) ?? [],
          ),
        )
  const { email, username } = person.settings
  const claims = merged([
    email === undefined ? {} : { email },
    username === undefined ? {} : { preferred_username: username },
    person.claims?.(values) ?? {},
  ])
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !GATED.has(name) || asked.has(name)))
}

function valuesFor({ client, person, scope, values }: ClaimSubject): Claims {
  const { email, username, claims } = person?.settings ?? {}
  return {
    ...claims,
    ...(email !== undefined && { email }),
    ...(username !== undefined && { username }),
    ...(client && { client_id: client.id }),
    ...(scope !== '' && { scope }),
    ...values,
  }
}

/** Later claims win; `__proto__` is a claim like any other. */
function merged(list: readonly Claims[]): Claims {
  return Object.fromEntries(list.flatMap((claims) => Object.entries(claims)))
}

function idsOf({ sub, settings }: Person): readonly (string | undefined)[] {
  return [...new Set([settings.email, settings.username, sub])]
}

function compiled(template: ClaimTemplate | undefined): FillClaims | undefined {
  return template && compileTemplate(template)
}

function compiledEach(
  templates: Readonly<Record<string, ClaimTemplate>> | undefined,
): ReadonlyMap<string, FillClaims> {
  return new Map(Object.entries(templates ?? {}).map(([name, template]) => [name, compileTemplate(template)]))
}
