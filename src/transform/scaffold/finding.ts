import type { Jwt } from '../../core/jwt.ts'
import type { PairId, AnsweredPair } from '../../core/pair.ts'
import type { WrittenMember } from '../document/written-chain.ts'
import { askedPath } from './asked-path.ts'

/** What a chain of a scaffold is there for. */
export type FindingKind = 'jwt' | 'jwks' | 'metadata' | 'date' | 'state'

/** One place where a response has something that needs a transform. */
export interface Finding {
  readonly kind: FindingKind
  /** What it is, as the chain's name ends: `access_token`, `jwks`. */
  readonly name: string
  /** As the document spells it: a word, or a map of one. */
  readonly extractor: WrittenMember
  /** Steps that go to the place and the one that changes it, as the document spells them. */
  readonly steps: readonly WrittenMember[]
  readonly tokens: readonly Jwt[]
}

/** The same found in the answers to one question. */
export interface ScaffoldChain extends Finding {
  readonly method: string
  /** As a filter names it. */
  readonly path: string
  readonly host: string
  readonly pairs: readonly PairId[]
  /** Another backend was asked the same: the host tells them apart. */
  readonly ambiguous: boolean
}

/** Gathers findings of pairs into chains, in the order they were found. */
export interface ChainBook {
  add(pair: AnsweredPair, findings: readonly Finding[]): void
  chains(): readonly ScaffoldChain[]
}

export function createChainBook(): ChainBook {
  const chains = new Map<string, ScaffoldChain>()
  const hosts = new Map<string, Set<string>>()
  return {
    add: (pair, findings) => {
      const { host } = new URL(pair.route.target)
      const { method, target } = pair.request
      const path = askedPath(target)
      const asked = `${method} ${path}`
      hosts.set(asked, (hosts.get(asked) ?? new Set()).add(host))
      for (const finding of findings) {
        const { kind, extractor, steps } = finding
        const key = JSON.stringify([kind, method, path, host, extractor, steps])
        const known = chains.get(key)
        chains.set(key, {
          ...finding,
          method,
          path,
          host,
          tokens: [...(known?.tokens ?? []), ...finding.tokens],
          pairs: [...(known?.pairs ?? []), pair.id],
          ambiguous: false,
        })
      }
    },
    chains: () =>
      [...chains.values()].map((chain) => ({
        ...chain,
        ambiguous: (hosts.get(`${chain.method} ${chain.path}`)?.size ?? 0) > 1,
      })),
  }
}
