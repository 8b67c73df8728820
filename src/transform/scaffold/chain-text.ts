import { claimsOf, type Jwt } from '../../core/jwt.ts'
import type { PairId } from '../../core/pair.ts'
import { formatDuration } from '../../core/time.ts'
import { inline, writtenChain } from '../document/written-chain.ts'
import type { ScaffoldChain } from './finding.ts'
import type { LoginQuestion } from './login-questions.ts'

/**
 * Each chain with an id of its own.
 * @param taken ids that are there already; what two names have in common after their spelling is made plain gets a number
 */
export function namedChains(
  chains: readonly ScaffoldChain[],
  taken: Iterable<string>,
): readonly (readonly [id: string, chain: ScaffoldChain])[] {
  const ids = new Set(taken)
  return chains.map((chain) => {
    const plain = plainId(chain)
    let id = plain
    for (let number = 2; ids.has(id); number += 1) id = `${plain}-${number}`
    ids.add(id)
    return [id, chain] as const
  })
}

/** `post-oauth-token-access_token`: what a report can call the chain. */
export function plainId({ kind, method, path, host, ambiguous, name }: ScaffoldChain): string {
  const said = kind === 'metadata' || path.toLowerCase().endsWith(name)
  return [method, ...(ambiguous ? [host] : []), path, ...(said ? [] : [name])]
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** A chain as lines of the document, its comment above it, indented as items of `responder`. */
export function chainLines(id: string, chain: ScaffoldChain): readonly string[] {
  const { method, path, host, ambiguous, extractor, steps } = chain
  const filters = { method, path, ...(ambiguous ? { host } : {}) }
  return writtenChain({ id, filters, extractor, steps }, comment(chain))
}

/** The rules that let a login match whatever its client made up for it. */
export function matchLines(questions: readonly LoginQuestion[]): readonly string[] {
  if (questions.length === 0) return []
  return [
    '# What a client makes up for each login does not make it another question.',
    'match:',
    '  rules:',
    ...questions.flatMap(({ method, path, query, form }) => [
      `    - filters: ${inline({ method, path })}`,
      `      ignore: { ${[...listed('query', query), ...listed('form', form)].join(', ')} }`,
    ]),
  ]
}

function listed(word: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${word}: [${names.join(', ')}]`]
}

function comment(chain: ScaffoldChain): readonly string[] {
  const where = `${pairList(chain.pairs)} ${chain.pairs.length === 1 ? 'answers' : 'answer'}`
  switch (chain.kind) {
    case 'jwks':
      return [
        `${where} with a JWKS: the keys that re-sign are published in it, under the kid the tokens carry.`,
      ]
    case 'metadata':
      return [
        `${where} with a discovery document: its URLs lead to the replay. The issuer stays, as tokens name it.`,
      ]
    case 'date':
      return [`${where} with a date after which something is over: it stays as far ahead as it was.`]
    case 'state':
      return stateComment(chain, where)
    case 'jwt':
      return tokenComment(chain, where)
  }
}

function stateComment({ extractor, pairs }: ScaffoldChain, where: string): readonly string[] {
  const isAnswer = JSON.stringify(extractor).includes('http_res_')
  if (isAnswer) return [`${where} a login: the state it was asked with goes back to the client.`]
  const begin = pairs.length === 1 ? 'begins a login' : 'begin logins'
  return [
    `${pairList(pairs)} ${begin} that later answers go on with: they give back the state this one is asked with.`,
  ]
}

function tokenComment({ tokens }: ScaffoldChain, where: string): readonly string[] {
  const kinds = new Set(tokens.map(describe))
  return [
    `${where} with ${tokens.length === 1 ? 'a JWT' : `${tokens.length} JWTs`}:`,
    ...[...kinds].slice(0, 5).map((kind) => `  ${kind}`),
  ]
}

function describe(jwt: Jwt): string {
  const { iss, iat, exp } = claimsOf(jwt)
  const lived =
    typeof iat === 'number' && typeof exp === 'number' ? [`lived ${formatDuration((exp - iat) * 1000)}`] : []
  return [
    jwt.alg,
    ...(jwt.kid === undefined ? [] : [`kid ${jwt.kid}`]),
    ...(typeof iss === 'string' ? [`from ${iss}`] : []),
    ...lived,
  ].join(', ')
}

function pairList(ids: readonly PairId[]): string {
  const shown = ids.slice(0, 8).join(', ')
  return `${ids.length === 1 ? 'Pair' : 'Pairs'} ${shown}${ids.length > 8 ? ` and ${ids.length - 8} more` : ''}`
}
