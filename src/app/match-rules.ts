import type { PairTrait } from '../core/pair.ts'
import type { JsonPatternStep } from '../match/json-pattern.ts'
import { ALWAYS_ANSWERED, type MatchRules } from '../match/match-rules.ts'
import type { RuleBook } from '../match/rule-book.ts'
import { traitsOf } from '../match/told-otherwise.ts'
import { pathTemplates } from '../match/path-template.ts'
import type { MatchSettings } from '../respond/matcher.ts'
import type { IgnoreDefinition, MatchDefinition } from '../transform/document/definition.ts'
import { literalStart, pathGlob, textGlob } from '../transform/filters/glob.ts'
import { parseJsonPath, type JsonPathSegment } from '../transform/json-path/json-path-syntax.ts'

type Rule = MatchDefinition['rules'][number]

/** The `match` of a document as the matcher takes it, compiled once. */
export function matchSettings(match: MatchDefinition): MatchSettings {
  const { session, subject, miss, authorize } = match
  return { book: ruleBook(match), session, subject, missStatus: miss.status, authorize }
}

function ruleBook({ ignore, headers, sequence, rules }: MatchDefinition): RuleBook {
  const base = { ignore, headers, sequence }
  const compiled = rules.map((rule) => ({ rule, applies: filterOf(rule.filters) }))
  const always = matchRules(base, [])
  // By the numbers of the rules that apply, which are few sets however many requests there are.
  const known = new Map<string, MatchRules>()
  const sequences = [base, ...rules].map((rule) => rule.sequence ?? base.sequence)
  return {
    causal: sequences.includes('causal'),
    otherwise: traitsOf([
      { rules: always },
      ...rules.map((rule) => ({
        rules: matchRules({ ...rule, sequence: rule.sequence ?? 'last' }, []),
        among: traitsLetThrough(rule.filters),
      })),
    ]),
    goesByHeaders: [base, ...rules].some((rule) => rule.headers.length > 0),
    onceIsAlways: sequences.every((sequence) => ALWAYS_ANSWERED.has(sequence)),
    goesAcross: [base, ...rules].some((rule) => rule.ignore.host.length > 0),
    goesByOrigin: rules.some(({ filters }) => filters.host.length > 0),
    rulesFor(method, path, origin) {
      if (compiled.length === 0) return always
      const applying = compiled.filter(({ applies }) => applies(method, path, origin))
      if (applying.length === 0) return always
      const key = applying.map((one) => compiled.indexOf(one)).join()
      const merged =
        known.get(key) ??
        matchRules(
          base,
          applying.map(({ rule }) => rule),
        )
      known.set(key, merged)
      return merged
    },
  }
}

/** What every rule says is added up; of sequences, the last one said counts. */
function matchRules(
  base: Pick<MatchDefinition, 'ignore' | 'headers' | 'sequence'>,
  rules: readonly Rule[],
): MatchRules {
  const ignores = [base.ignore, ...rules.map(({ ignore }) => ignore)]
  const all = <K extends keyof IgnoreDefinition>(key: K): readonly IgnoreDefinition[K][number][] => [
    ...new Set(ignores.flatMap((ignore): readonly IgnoreDefinition[K][number][] => ignore[key])),
  ]
  const silent = new Set(all('headers'))
  const hosts = all('host').map(textGlob)
  const headers = new Set([base.headers, ...rules.map((rule) => rule.headers)].flat())
  return {
    methods: new Set(all('method')),
    isShared: (origin) => hostsOf(origin).some((host) => hosts.some((fits) => fits(host))),
    ignoreQuery: new Set(all('query')),
    ignoreForm: new Set(all('form')),
    ignoreParts: new Set(all('parts')),
    ignoreJson: all('json').map((path) => parseJsonPath(path).map(patternStep)),
    paths: pathTemplates(all('path')),
    kinds: all('kinds'),
    headers: [...headers].filter((name) => !silent.has(name)).toSorted(),
    sequence: rules.findLast((rule) => rule.sequence !== undefined)?.sequence ?? base.sequence,
  }
}

/** Slices, wildcards and positions from the end stand for any: what is ignored in one item of a list is in all. */
function patternStep({ deep, selectors }: JsonPathSegment): JsonPatternStep {
  const names = selectors.map((selector) => {
    if (selector.kind === 'name') return selector.name
    return selector.kind === 'index' && selector.index >= 0 ? String(selector.index) : undefined
  })
  return { deep, names: names.every((name) => name !== undefined) ? names : undefined }
}

/** What a request has at least that the filters let through. */
function traitsLetThrough({ method, path }: Rule['filters']): readonly PairTrait[] {
  const methods = method.length === 0 ? {} : { methods: method.map((name) => name.toUpperCase()) }
  const starts = path.length === 0 ? [''] : path.map(literalStart)
  return starts.map((start) => ({ ...methods, ...(start === '' ? {} : { texts: [start] }) }))
}

function filterOf(filters: Rule['filters']): (method: string, path: string, origin: string) => boolean {
  const methods = new Set(filters.method)
  const paths = filters.path.map(pathGlob)
  const hosts = filters.host.map(textGlob)
  return (method, path, origin) =>
    (methods.size === 0 || methods.has(method.toUpperCase())) &&
    (paths.length === 0 || paths.some((fits) => fits(path))) &&
    (hosts.length === 0 || hostsOf(origin).some((host) => hosts.some((fits) => fits(host))))
}

/** With and without the port. */
function hostsOf(origin: string): readonly string[] {
  const { host, hostname } = new URL(origin)
  return [host, hostname]
}
