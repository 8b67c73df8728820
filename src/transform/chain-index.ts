import { isDeepStrictEqual } from 'node:util'
import { JWT_BEGINNINGS } from '../core/jwt.ts'
import type { PairHead, PairTrait } from '../core/pair.ts'
import type { CompiledChain } from './chain.ts'
import type { ChainDefinition } from './document/definition.ts'
import { EVERY_PAIR } from './document/filter-schema.ts'
import { literalStart } from './filters/glob.ts'
import { pathOf } from './filters/request-test.ts'

/** One segment of the paths that chains are for, and the chains whose paths are literal up to here. */
interface Branch {
  readonly below: Map<string, Branch>
  readonly chains: number[]
}

/**
 * Finds the chains whose path filters can fit a pair, in the document's order, without asking each of them: a document
 * of a thousand chains asks a handful. What else a chain filters by is still to be asked.
 */
export function chainIndex(chains: readonly CompiledChain[]): (pair: PairHead) => readonly CompiledChain[] {
  const root = branch()
  for (const [index, { definition }] of chains.entries()) {
    const { path } = definition.filters
    for (const glob of path.length === 0 ? ['**'] : path) insert(root, glob, index)
  }
  return ({ request }) =>
    [...new Set(along(root, pathOf(request.target)))]
      .toSorted((a, b) => a - b)
      .flatMap((index) => chains[index] ?? [])
}

/** More are dearer to ask for than pairs are to look at. */
const MAX_TRAITS = 64

/**
 * What a pair has that some chain may be for, as far as a source of pairs can tell by itself: methods, and how paths
 * begin. Undefined where a chain may be for any pair.
 */
export function traitsOf(chains: readonly CompiledChain[]): readonly PairTrait[] | undefined {
  const traits = new Map<string, PairTrait>()
  for (const { definition } of chains) {
    const { method, path } = definition.filters
    if (asksForTokens(definition)) {
      traits.set('tokens', { answer: JWT_BEGINNINGS })
      continue
    }
    const methods = method.length === 0 ? {} : { methods: method.map((name) => name.toUpperCase()) }
    for (const glob of path.length === 0 ? ['**'] : path) {
      const target = literalStart(glob)
      const trait = { ...methods, ...(target === '' ? {} : { target }) }
      traits.set(JSON.stringify(trait), trait)
    }
  }
  const all = [...traits.values()]
  return all.length > MAX_TRAITS || all.some((trait) => Object.keys(trait).length === 0) ? undefined : all
}

/** A chain for every pair that looks for tokens first: most pairs have none, and need not be read. */
export function asksForTokens({ filters, extractor, steps: [first] }: ChainDefinition): boolean {
  const isForAll = isDeepStrictEqual(filters, EVERY_PAIR)
  return isForAll && extractor.type === 'http_res_body' && first?.type === 'find'
}

function branch(): Branch {
  return { below: new Map(), chains: [] }
}

/** A chain hangs where its path stops being literal. */
function insert(root: Branch, glob: string, index: number): void {
  let at = root
  for (const segment of glob.split('/')) {
    if (/[*?{]/.test(segment)) break
    const next = at.below.get(segment) ?? branch()
    at.below.set(segment, next)
    at = next
  }
  at.chains.push(index)
}

function along(root: Branch, path: string): readonly number[] {
  const found = [...root.chains]
  let at: Branch | undefined = root
  for (const segment of path.split('/')) {
    at = at.below.get(segment)
    if (at === undefined) return found
    found.push(...at.chains)
  }
  return found
}
