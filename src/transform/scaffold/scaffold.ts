import { isAnswered, type PairSource } from '../../core/pair.ts'
import { parseTransformDocument } from '../document/document.ts'
import { responseMessage } from '../message/response-message.ts'
import { findingsIn } from './answer-findings.ts'
import { chainLines, matchLines, namedChains, plainId } from './chain-text.ts'
import { createDiscoveryBook } from './discovery.ts'
import { createChainBook, type ScaffoldChain } from './finding.ts'
import { createLoginBook, type LoginQuestion } from './login-questions.ts'
import { createStateBook } from './login-states.ts'
import { reachOf } from './reach.ts'
import { extendText } from './extend-text.ts'

/** What a scaffolded document says of itself. */
export interface ScaffoldNames {
  readonly snapshot: string
  /** What the first line points editors to; undefined leaves the line out. */
  readonly schemaPath: string | undefined
}

/** A document as a scaffold writes it. */
export interface Scaffold {
  readonly yaml: string
  /** How many chains were written; 0 for a snapshot that needs none, or whose document has them all. */
  readonly chains: number
  /** Names of the chains that were written. */
  readonly added: readonly string[]
  /** What it would have written and could not, and what the recording lacks, in sentences. */
  readonly notes: readonly string[]
}

/** A transform document that makes what a snapshot holds believable again, with a comment by each chain saying why. */
export function scaffold(pairs: PairSource, { snapshot, schemaPath }: ScaffoldNames): Scaffold {
  const { chains, questions, notes } = needsOf(pairs)
  const named = namedChains(chains, [])
  const match = matchLines(questions)
  const lines = [
    ...(schemaPath === undefined ? [] : [`# yaml-language-server: $schema=${schemaPath}`]),
    `# How the snapshot ${snapshot} is replayed, written from what it holds by: reseal transform scaffold ${snapshot}`,
    `# It is yours to edit. What it does is shown by: reseal transform preview ${snapshot}`,
    ...keyComment(chains),
    'version: 1',
    ...match,
    ...(chains.length === 0
      ? ['# The snapshot holds no JWT and no JWKS: every response is served as recorded.', 'responder: []']
      : ['responder:', ...named.flatMap(([id, chain]) => chainLines(id, chain))]),
    '',
  ]
  return { yaml: lines.join('\n'), chains: chains.length, added: named.map(([id]) => id), notes }
}

/** Whose keys sign, and how to have others. */
function keyComment(chains: readonly ScaffoldChain[]): readonly string[] {
  const algs = new Set(chains.flatMap(({ tokens }) => tokens.map(({ alg }) => alg.slice(0, 2))))
  const shared = algs.delete('HS')
  return [
    ...(algs.size > 0
      ? [
          '# Tokens are signed with keys reseal makes; with a mounted one: jwt_resign: { secretPath: NAME/tls.key }',
        ]
      : []),
    ...(shared
      ? ['# The service shares its HMAC secret: mount it and name it, jwt_resign: { secretPath: NAME/KEY }']
      : []),
  ]
}

/**
 * The same document with chains for what it does not reach yet, and every byte of it that is there kept. A chain whose
 * id is in a comment was taken out by its user, and stays out.
 * @param file its name in messages and places
 * @throws ResealError TRANSFORM_INVALID for a document that cannot be read, or that has no room for a chain
 */
export function extendScaffold(source: string, file: string, pairs: PairSource): Scaffold {
  const document = parseTransformDocument(source, file)
  const { chains, questions, notes } = needsOf(pairs)
  const reach = reachOf(document.responder)
  const missing = chains.filter(
    (chain) => !isReached(chain, reach, pairs) && !isTakenOut(plainId(chain), source),
  )
  const named = namedChains(
    missing,
    document.responder.map(({ id }) => id),
  )
  const { ignore, rules } = document.match
  const ignored = new Set(
    [ignore, ...rules.map((rule) => rule.ignore)].flatMap(({ query, form }) => [...query, ...form]),
  )
  const open = questions.filter(({ query, form }) => [...query, ...form].some((name) => !ignored.has(name)))
  const extended = extendText(source, file, {
    match: matchLines(open),
    chains: named.flatMap(([id, chain]) => chainLines(id, chain)),
  })
  return {
    yaml: extended.yaml,
    chains: missing.length,
    added: named.map(([id]) => id),
    notes: [...extended.notes, ...notes],
  }
}

interface Needs {
  readonly chains: readonly ScaffoldChain[]
  readonly questions: readonly LoginQuestion[]
  readonly notes: readonly string[]
}

function needsOf(pairs: PairSource): Needs {
  const book = createChainBook()
  const logins = createLoginBook()
  const states = createStateBook()
  const discovered = createDiscoveryBook()
  for (const { id } of pairs.heads()) {
    const pair = pairs.pair(id)
    if (pair === undefined || !isAnswered(pair)) continue
    const message = responseMessage(pair)
    book.add(pair, findingsIn(message))
    logins.add(pair.request)
    states.add(message)
    discovered.add(message)
  }
  for (const [id, finding] of states.learners()) {
    const pair = pairs.pair(id)
    if (pair !== undefined && isAnswered(pair)) book.add(pair, [finding])
  }
  return { chains: book.chains(), questions: logins.questions(), notes: discovered.notes() }
}

/** Some chain of the user's changes the place already, in one of the pairs; how is the user's affair. */
function isReached(chain: ScaffoldChain, reach: ReturnType<typeof reachOf>, pairs: PairSource): boolean {
  const own = reachOf(
    parseTransformDocument(`responder:\n${chainLines('own', chain).join('\n')}\n`, 'own').responder,
  )
  return chain.pairs.some((id) => {
    const pair = pairs.pair(id)
    if (pair === undefined || !isAnswered(pair)) return false
    const wanted = own(pair)
    const reached = reach(pair)
    return wanted.every(({ path, recorded }) =>
      reached.some(
        (place) => place.path === path || (chain.kind === 'jwt' && place.recorded.endsWith(recorded)),
      ),
    )
  })
}

function isTakenOut(id: string, source: string): boolean {
  return source.split('\n').some((line) => {
    const commented = /^\s*#[\s#]*-?\s*id:\s*(.*?)\s*$/.exec(line)?.[1]
    return commented?.replaceAll(/^["']|["']$/g, '') === id
  })
}
