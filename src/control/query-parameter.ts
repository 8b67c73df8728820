/** A whole number that may stand in a query. */
export interface QueryParameter {
  readonly name: string
  /** One sentence. */
  readonly description: string
  readonly fallback: number
  /** The largest that is taken; the least is 0. */
  readonly most: number
}

export type ReadQuery =
  | { readonly query: (name: string) => number; readonly wrong?: never }
  /** One sentence of what is wrong. */
  | { readonly wrong: string; readonly query?: never }

/** Reads the query of a request target by the parameters that its path takes, each at most once. */
export function readQuery(target: string, parameters: readonly QueryParameter[]): ReadQuery {
  const mark = target.indexOf('?')
  const values = new Map<string, number>()
  const pairs = mark === -1 ? [] : [...new URLSearchParams(target.slice(mark + 1))]
  if (mark !== -1 && parameters.length === 0) return { wrong: 'The request takes no query.' }
  for (const [name, text] of pairs) {
    const parameter = parameters.find((known) => known.name === name)
    if (parameter === undefined) {
      return { wrong: `The query may have ${parameters.map((known) => known.name).join(', ')} only.` }
    }
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
    if (!(value <= parameter.most)) {
      return { wrong: `The parameter ${name} must be a whole number, at most ${parameter.most}.` }
    }
    if (values.has(name)) return { wrong: `The parameter ${name} stands in the query twice.` }
    values.set(name, value)
  }
  return {
    query: (name) => values.get(name) ?? parameters.find((known) => known.name === name)?.fallback ?? 0,
  }
}

/** Where a page begins, and how long it is. */
export function pageParameters(what: string, most = 1000): readonly QueryParameter[] {
  return [
    {
      name: 'after',
      description: `Only ${what} after this number.`,
      fallback: 0,
      most: Number.MAX_SAFE_INTEGER,
    },
    { name: 'limit', description: `How many ${what} at most.`, fallback: 100, most },
  ]
}
