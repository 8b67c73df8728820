import { RE2JS } from 're2js'
import { errorMessage, ResealError } from '../core/errors.ts'
import { placeholderName } from '../core/placeholder.ts'
import type { PathStep, RedactDefinition } from './definition.ts'
import { endingsOf } from './member-names.ts'
import { JWS_SIGNATURE, KEY_HEADERS, PRIVATE_JWK_MEMBERS, plainName, secretNames } from './secret-names.ts'

/** How the value of a header field is read. */
export type HeaderRule =
  | { readonly kind: 'credentials' }
  | { readonly kind: 'cookie' }
  | { readonly kind: 'set-cookie' }
  | { readonly kind: 'url' }
  | { readonly kind: 'text' }
  | { readonly kind: 'value'; readonly name: string }

/** A step of a path with those that follow, each one object however often it is met. */
export interface PathNode extends PathStep {
  readonly next: PathNode | undefined
}

/** A {@link RedactDefinition} made ready to search with. */
export interface RedactRules {
  readonly definition: RedactDefinition
  /** Nothing is redacted at all. */
  readonly idle: boolean
  /** The rule of a header field, by its name as it came. */
  header(name: string): HeaderRule
  cookie(name: string): boolean
  /** What a placeholder calls the secret in a parameter of a query or form; undefined where there is none. */
  parameter(where: 'query' | 'field', name: string): string | undefined
  /** What it calls the secret in a JSON member. */
  member(name: string): string | undefined
  /** Whether a JSON member of this name is a private one of a JWK. */
  jwkMember(name: string): boolean
  /** How the names of {@link member} end, and that of a JWS's signature. */
  readonly memberEndings: Uint8Array
  /** The first step of each path. */
  readonly paths: readonly PathNode[]
  readonly patterns: readonly RE2JS[]
}

/**
 * Compiles what is to be redacted.
 * @throws ResealError CONFIG_INVALID for a pattern that RE2 does not take
 */
export function compileRules(definition: RedactDefinition): RedactRules {
  const except = new Set(definition.except.map(plainName))
  const stays = (name: string): boolean => except.has(plainName(name))
  const known = (
    where: 'member' | 'field' | 'query',
    added: readonly string[],
  ): ReadonlyMap<string, string> => {
    const names = new Map(definition.names ? secretNames(where) : [])
    for (const name of added) names.set(plainName(name), placeholderName(name))
    for (const name of except) names.delete(name)
    return names
  }
  const parameters = { query: known('query', definition.query), field: known('field', definition.form) }
  const members = known('member', [])
  return {
    definition,
    idle: isIdle(definition),
    header: headerRules(definition, stays),
    cookie: cookieRule(definition.cookies, stays),
    parameter: (where, name) => parameters[where].get(plainName(name)),
    member: (name) => members.get(plainName(name)),
    jwkMember: (name) => definition.privateKeys && PRIVATE_JWK_MEMBERS.has(name),
    memberEndings: endingsOf([...members.keys(), ...(definition.jwt ? [JWS_SIGNATURE] : [])]),
    paths: definition.paths.flatMap((steps) => linked(steps) ?? []),
    patterns: definition.patterns.map(compilePattern),
  }
}

function linked(steps: readonly PathStep[]): PathNode | undefined {
  return steps.reduceRight<PathNode | undefined>((next, step) => ({ ...step, next }), undefined)
}

function isIdle(definition: RedactDefinition): boolean {
  const parts = Object.values({ ...definition, except: [] })
  return parts.every((part) => part === false || (Array.isArray(part) && part.length === 0))
}

/** Spellings of names that are remembered; a wire has a few dozen of them. */
const REMEMBERED_NAMES = 1000

function headerRules(
  definition: RedactDefinition,
  stays: (name: string) => boolean,
): (name: string) => HeaderRule {
  const rules = new Map<string, HeaderRule>()
  const { basic, bearer, cookies } = definition
  for (const name of ['location', 'content-location', 'referer', 'link', 'refresh']) {
    rules.set(name, { kind: 'url' })
  }
  if (basic || bearer) {
    for (const name of ['authorization', 'proxy-authorization']) rules.set(name, { kind: 'credentials' })
  }
  if (cookies !== false) {
    rules.set('cookie', { kind: 'cookie' })
    rules.set('set-cookie', { kind: 'set-cookie' })
  }
  const added = definition.headers.map((name) => name.toLowerCase())
  for (const name of [...(definition.keys ? KEY_HEADERS : []), ...added]) {
    rules.set(name, { kind: 'value', name: placeholderName(name) })
  }
  for (const name of rules.keys()) if (stays(name)) rules.delete(name)
  const byName = new Map<string, HeaderRule>(rules)
  return (name) => {
    const remembered = byName.get(name)
    if (remembered !== undefined) return remembered
    const rule = rules.get(name.toLowerCase()) ?? TEXT
    if (byName.size < REMEMBERED_NAMES) byName.set(name, rule)
    return rule
  }
}

const TEXT: HeaderRule = { kind: 'text' }

function cookieRule(
  cookies: RedactDefinition['cookies'],
  stays: (name: string) => boolean,
): (name: string) => boolean {
  if (typeof cookies === 'boolean') return (name) => cookies && !stays(name)
  const names = new Set(cookies)
  return (name) => names.has(name) && !stays(name)
}

/**
 * An expression that runs in linear time.
 * @throws ResealError CONFIG_INVALID for one that RE2 does not take
 */
export function compilePattern(source: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source))
  } catch (error) {
    throw new ResealError('CONFIG_INVALID', `The pattern ${source} cannot be used: ${errorMessage(error)}`, {
      hint: 'Patterns have the syntax of RE2: without look-around and back-references.',
    })
  }
}
