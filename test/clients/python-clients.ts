import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { AlgName } from '../../src/keys/algorithms.ts'
import { HMAC_ALGS, NIST_ALGS, RSA_ALGS, type TokenClient, type Trust, type Verdict } from './token-client.ts'

/** Debian's own: the packages of the distribution are where they are, whatever other Python is first on the path. */
const PYTHON = '/usr/bin/python3'
const SCRIPT = resolve(import.meta.dirname, 'python_clients.py')

export interface PythonClients {
  /** Those that are installed; empty without Python. */
  readonly clients: readonly TokenClient[]
  close(): Promise<void>
}

/** The Debian package that brings each client, and what it verifies. */
export const PYTHON_CLIENTS: Readonly<
  Record<string, { readonly debian: string; readonly algs: readonly AlgName[] }>
> = {
  PyJWT: { debian: 'python3-jwt', algs: [...RSA_ALGS, ...NIST_ALGS, 'ES256K', 'EdDSA', ...HMAC_ALGS] },
  Authlib: { debian: 'python3-authlib', algs: [...RSA_ALGS, ...NIST_ALGS, 'ES256K', 'EdDSA', ...HMAC_ALGS] },
  jwcrypto: {
    debian: 'python3-jwcrypto',
    algs: [...RSA_ALGS, ...NIST_ALGS, 'ES256K', 'EdDSA', ...HMAC_ALGS],
  },
}

/** The clients of Python, all in one child process that answers question after question. */
export async function startPythonClients(): Promise<PythonClients> {
  const child = spawn(PYTHON, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((done) => child.once('close', done).once('error', done))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { value, done } = await Promise.race([lines.next(), ended.then(() => ({ value: '', done: true }))])
    return done === true ? undefined : JSON.parse(value)
  }
  const versions = ((await answer()) ?? {}) as Record<string, string>
  let last: Promise<unknown> = Promise.resolve()
  const ask = (client: string, trust: Trust, token: string): Promise<Verdict> => {
    const turn = last.then(async () => {
      child.stdin.write(`${JSON.stringify({ client, trust, token })}\n`)
      return (await answer()) as Verdict
    })
    last = turn
    return turn
  }
  return {
    clients: Object.entries(PYTHON_CLIENTS).flatMap(([name, { algs }]) => {
      const version = versions[name]
      return version === undefined ? [] : [pythonClient(name, version, algs, ask)]
    }),
    close: async () => {
      child.stdin.end()
      await ended
    },
  }
}

function pythonClient(
  name: string,
  version: string,
  algs: readonly AlgName[],
  ask: (client: string, trust: Trust, token: string) => Promise<Verdict>,
): TokenClient {
  return {
    name,
    version,
    reads: 'access',
    algs,
    open: async (trust) => ({ verify: (token) => ask(name, trust, token), close: async () => {} }),
  }
}
