import { writeFileSync } from 'node:fs'
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { ReplayOptions } from '../../src/app/replay-options.ts'
import type { Replay } from '../../src/app/replay.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { aPair } from './a-pair.ts'
import { aReplay, aSnapshot } from './a-replay.ts'

/** A replay with a control API, all of whose processes serve that were started. */
export async function aCrew(
  t: TestContext,
  workers: ReplayOptions['workers'],
  pairs: readonly RRPair[],
  yaml = '',
  options: Partial<ReplayOptions> = {},
) {
  const directory = await aSnapshot(t, pairs)
  const replaying: Replay = await aReplay(t, directory, `version: 1\n${yaml}`, {
    ...(workers === undefined ? {} : { workers }),
    control: '127.0.0.1:0',
    ...options,
  })
  await replaying.workers.joined()
  const url = replaying.urls[0] ?? ''
  /** By a connection of its own, unless there is an agent. */
  const get = async (target: string, headers: Record<string, string> = {}, agent?: Agent, method = 'GET') => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    httpRequest(`${url}${target}`, { agent: agent ?? false, headers, method }, resolve)
      .on('error', reject)
      .end()
    const response = await promise
    return {
      status: response.statusCode ?? 0,
      connection: response.headers.connection,
      body: await text(response),
    }
  }
  const control = async (method: string, path: string, content?: object) => {
    const answer = await fetch(`${replaying.control?.url}${path}`, {
      method,
      headers: {
        connection: 'close',
        ...(content === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    })
    const said = await answer.text()
    return { status: answer.status, text: said, value: said.startsWith('{') ? JSON.parse(said) : undefined }
  }
  return {
    replaying,
    get,
    control,
    write: (yamlNow: string) => writeFileSync(join(directory, 't.yaml'), yamlNow),
  }
}

/** So many answers to one question, `1` the first. */
export function numbered(target: string, count: number): readonly RRPair[] {
  return Array.from({ length: count }, (_, at) =>
    aPair({ id: at + 1, request: { target }, response: { body: String(at + 1) } }),
  )
}
