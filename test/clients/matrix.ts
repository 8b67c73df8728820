import { ALGORITHMS, isAlgName, type AlgName } from '../../src/keys/algorithms.ts'
import { CASES, issueCases, type CaseName, type IssuedCases } from './token-cases.ts'
import type { TokenClient, Verdict } from './token-client.ts'

/** What one client made of one token. */
export interface Cell {
  readonly client: string
  readonly alg: AlgName
  readonly case: CaseName
  /** Whether the client says it can verify this alg. */
  readonly supported: boolean
  /** What a client should do that supports the alg. */
  readonly shouldAccept: boolean
  readonly verdict: Verdict
}

/** Every alg the issuer signs with. */
export const ALGS: readonly AlgName[] = Object.keys(ALGORITHMS).filter(isAlgName)

/** Shows every client the tokens of every alg and case; of an alg that it does not support, only the good token. */
export async function runMatrix(clients: readonly TokenClient[]): Promise<readonly Cell[]> {
  const cells: Cell[] = []
  for (const alg of ALGS) {
    const issued = await issueCases(alg)
    try {
      cells.push(...(await Promise.all(clients.map((client) => cellsOf(client, alg, issued)))).flat())
    } finally {
      await issued.close()
    }
  }
  return cells
}

async function cellsOf(client: TokenClient, alg: AlgName, issued: IssuedCases): Promise<readonly Cell[]> {
  const supported = client.algs.includes(alg)
  const tokens = issued.tokens[client.reads]
  const verify = await opened(client, issued)
  const cells: Cell[] = []
  for (const { name, accept } of CASES) {
    const token = tokens.get(name)
    if (token === undefined || (!supported && name !== 'normal')) continue
    cells.push({
      client: client.name,
      alg,
      case: name,
      supported,
      shouldAccept: accept,
      verdict: await verify.verify(token),
    })
  }
  await verify.close()
  return cells
}

/** A client that will not even start for this alg refuses all its tokens. */
async function opened(client: TokenClient, { trust }: IssuedCases): ReturnType<TokenClient['open']> {
  try {
    return await client.open(trust[client.reads])
  } catch (error) {
    const because = String(error)
    return { verify: async () => ({ accepted: false, because }), close: async () => {} }
  }
}
