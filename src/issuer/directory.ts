import { hash, timingSafeEqual } from 'node:crypto'
import { textOfUtf8 } from '../core/binary-text.ts'
import { ResealError } from '../core/errors.ts'
import { findJwks, type JwksDocument } from '../keys/jwks.ts'
import { compileTemplate, type FillClaims } from './claim-template.ts'
import type { ClientSettings, UserSettings } from './settings.ts'

/** A client as requests meet it. */
export interface Client {
  readonly id: string
  readonly settings: ClientSettings
  /** Taken only because no client is configured: it may present any secret. */
  readonly anyone: boolean
  /** Whether this is the client's secret; never so for one that has none, always for anyone. */
  isSecret(given: string): boolean
  readonly keys: JwksDocument | undefined
  readonly claims: FillClaims | undefined
}

/** A user as requests meet one. */
export interface Person {
  readonly sub: string
  readonly settings: UserSettings
  readonly claims: FillClaims | undefined
}

/** Who may come: clients and users, as configured and as changed since. */
export interface Directory {
  /** Undefined for a stranger, once any client is configured. */
  client(id: string): Client | undefined
  /** The user of this `sub`, `username` or `email`; undefined for a stranger, once any user is configured. */
  person(name: string): Person | undefined
  /** Whom tokens are for where the request names no client. */
  firstClient(): Client
  /** Whom `login: auto` logs in where the request names nobody. */
  firstPerson(): Person
  /** @throws ResealError CONFIG_INVALID for a `jwks` that is no JWK Set, or no client id */
  upsertClient(settings: ClientSettings): void
  removeClient(id: string): boolean
  /** @throws ResealError CONFIG_INVALID for a user without `sub`, `username` and `email` */
  upsertUser(settings: UserSettings): void
  removeUser(id: string): boolean
  clients(): readonly ClientSettings[]
  users(): readonly UserSettings[]
}

/** @throws ResealError CONFIG_INVALID */
export function createDirectory(
  clientList: readonly ClientSettings[],
  userList: readonly UserSettings[],
): Directory {
  const clients = new Map<string, Client>()
  const people = new Map<string, Person>()
  const upsertClient = (settings: ClientSettings): void => {
    clients.set(settings.clientId, clientOf(settings))
  }
  const upsertUser = (settings: UserSettings): void => {
    const person = personOf(settings)
    people.set(person.sub, person)
  }
  for (const settings of clientList) upsertClient(settings)
  for (const settings of userList) upsertUser(settings)
  const person = (name: string): Person | undefined => {
    if (people.size === 0) return anyPerson(name)
    return people.get(name) ?? [...people.values()].find(({ settings }) => isNamed(settings, name))
  }
  return {
    client: (id) => clients.get(id) ?? (clients.size === 0 ? anyClient(id) : undefined),
    person,
    firstClient: () => [...clients.values()][0] ?? anyClient(DEFAULT_CLIENT),
    firstPerson: () => [...people.values()][0] ?? anyPerson(DEFAULT_USER),
    upsertClient,
    removeClient: (id) => clients.delete(id),
    upsertUser,
    removeUser: (id) => {
      const found = people.size === 0 ? undefined : person(id)
      return found !== undefined && people.delete(found.sub)
    },
    clients: () => [...clients.values()].map(({ settings }) => settings),
    users: () => [...people.values()].map(({ settings }) => settings),
  }
}

/** Whether this is the person's password; without one configured every password is. */
export function isPasswordOf(person: Person, password: string): boolean {
  return person.settings.password === undefined || secretTest(person.settings.password)(password)
}

/** Compares with a secret in a time that does not tell where they differ. */
function secretTest(expected: string): (given: string) => boolean {
  const wanted = digest(expected)
  return (given) => timingSafeEqual(wanted, digest(given))
}

function digest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Who comes where nobody is configured or named. */
const DEFAULT_CLIENT = 'test-client'
const DEFAULT_USER = 'test-user'

function clientOf(settings: ClientSettings): Client {
  if (settings.clientId === '') throw new ResealError('CONFIG_INVALID', 'A client has an empty client id.')
  const keys =
    settings.jwks === undefined ? undefined : findJwks(textOfUtf8(JSON.stringify(settings.jwks) ?? ''))
  if (settings.jwks !== undefined && keys === undefined) {
    throw new ResealError(
      'CONFIG_INVALID',
      `The jwks of the client "${settings.clientId}" is not a JWK Set.`,
      {
        hint: 'Give an object with a list "keys" of public keys, each with its "kty".',
      },
    )
  }
  return {
    id: settings.clientId,
    settings,
    anyone: false,
    isSecret: settings.secret === undefined ? () => false : secretTest(settings.secret),
    keys,
    claims: templateOf(settings.claims),
  }
}

function anyClient(id: string): Client {
  return {
    id,
    settings: { clientId: id },
    anyone: true,
    isSecret: () => true,
    keys: undefined,
    claims: undefined,
  }
}

function personOf(settings: UserSettings): Person {
  const sub = settings.sub ?? settings.username ?? settings.email
  if (sub === undefined || sub === '') {
    throw new ResealError('CONFIG_INVALID', 'A user has neither sub, username nor email.', {
      hint: 'Give every user at least one of them to be found by.',
    })
  }
  return { sub, settings, claims: templateOf(settings.claims) }
}

function anyPerson(name: string): Person {
  const email = name.includes('@') ? name : `${name}@example.com`
  return { sub: name, settings: { username: name, email }, claims: undefined }
}

function isNamed({ username, email }: UserSettings, name: string): boolean {
  return username === name || email === name
}

function templateOf(template: ClientSettings['claims']): FillClaims | undefined {
  return template && compileTemplate(template)
}
