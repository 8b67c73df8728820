import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json'))

/** What an editor asks the YAML language server that VS Code runs, over its standard input and output. */
export interface LanguageServer {
  /** Opens a text under a URI. @returns what is wrong with it */
  diagnose(uri: string, text: string): Promise<readonly Diagnostic[]>
  /** Asks about a place of an open text: `textDocument/hover`, `textDocument/completion`. */
  at(question: string, uri: string, position: Position): Promise<unknown>
  close(): Promise<void>
}

export interface Diagnostic {
  readonly range: { readonly start: Position }
  readonly message: string
}

/** Counted from 0, as editors do. */
export interface Position {
  readonly line: number
  readonly character: number
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}

/** Nothing is fetched: the schema is the one that a text names in its first line. */
const SETTINGS = {
  yaml: {
    validate: true,
    hover: true,
    completion: true,
    schemaStore: { enable: false },
    kubernetesCRDStore: { enable: false },
  },
}

export async function startLanguageServer(): Promise<LanguageServer> {
  const child = spawn(process.execPath, [join(PACKAGE, 'bin', 'yaml-language-server'), '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const answers = new Map<number, (result: unknown) => void>()
  const diagnoses = new Map<string, (found: readonly Diagnostic[]) => void>()
  let last = 0
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const ask = (method: string, params: unknown): Promise<unknown> => {
    last += 1
    const { promise, resolve } = Promise.withResolvers<unknown>()
    answers.set(last, resolve)
    send({ id: last, method, params })
    return promise
  }
  onMessages(child.stdout, ({ id, method, params, result }) => {
    if (method === undefined) answers.get(id ?? 0)?.(result)
    else if (method === 'workspace/configuration') send({ id, result: settingsFor(params) })
    else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: readonly Diagnostic[] }
      diagnoses.get(uri)?.(diagnostics)
    } else if (id !== undefined) send({ id, result: null })
  })
  await ask('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      workspace: { configuration: true },
      textDocument: { hover: { contentFormat: ['markdown'] } },
    },
  })
  send({ method: 'initialized', params: {} })
  send({ method: 'workspace/didChangeConfiguration', params: { settings: SETTINGS } })
  return {
    diagnose: (uri, text) => {
      const { promise, resolve } = Promise.withResolvers<readonly Diagnostic[]>()
      diagnoses.set(uri, resolve)
      const textDocument = { uri, languageId: 'yaml', version: 1, text }
      send({ method: 'textDocument/didOpen', params: { textDocument } })
      return promise
    },
    at: (question, uri, position) => ask(question, { textDocument: { uri }, position }),
    close: async () => {
      await ask('shutdown', null)
      send({ method: 'exit' })
      await ended
    },
  }
}

function settingsFor(params: unknown): readonly unknown[] {
  const { items } = params as { items: readonly { section?: string }[] }
  return items.map(({ section }) => (section === 'yaml' ? SETTINGS.yaml : {}))
}

/** Messages of the base protocol: a head with `Content-Length`, an empty line, JSON. */
function onMessages(stream: NodeJS.ReadableStream, tell: (message: Message) => void): void {
  let pending = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (;;) {
      const head = pending.indexOf('\r\n\r\n')
      if (head === -1) return
      const length = Number(/Content-Length: (\d+)/i.exec(pending.toString('latin1', 0, head))?.[1])
      const end = head + 4 + length
      if (pending.length < end) return
      const text = pending.toString('utf8', head + 4, end)
      pending = pending.subarray(end)
      tell(JSON.parse(text) as Message)
    }
  })
}
