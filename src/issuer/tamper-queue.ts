import type { TamperName } from './tampers.ts'

/** The two kinds of token that grants make. */
export type TokenKind = 'access' | 'id'

/** What the next tokens of an endpoint are to be. */
export interface PlannedTamper<Endpoint extends string> {
  readonly endpoint: Endpoint
  readonly tamper: TamperName
  /** How many tokens; at least 1. */
  readonly count: number
  /** Without it, tokens of both kinds. */
  readonly kind?: TokenKind | undefined
}

/** Tampers waiting for tokens. */
export interface TamperQueue<Endpoint extends string> {
  plan(planned: PlannedTamper<Endpoint>): void
  /** The tamper that the next token of this endpoint must have; it counts as used. */
  take(endpoint: string, kind: TokenKind): TamperName | undefined
  clear(): void
}

export function createTamperQueue<Endpoint extends string>(): TamperQueue<Endpoint> {
  let waiting: readonly PlannedTamper<Endpoint>[] = []
  return {
    plan: (planned) => {
      waiting = [...waiting, planned]
    },
    take: (endpoint, kind) => {
      if (waiting.length === 0) return undefined
      const first = waiting.find(
        (planned) => planned.endpoint === endpoint && (planned.kind ?? kind) === kind,
      )
      if (first === undefined) return undefined
      waiting = waiting
        .map((planned) => (planned === first ? { ...planned, count: planned.count - 1 } : planned))
        .filter(({ count }) => count > 0)
      return first.tamper
    },
    clear: () => {
      waiting = []
    },
  }
}
