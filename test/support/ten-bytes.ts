import type { TestContext } from 'node:test'
import type { HttpResponse } from '../../src/core/exchange.ts'
import type { RunningServer } from '../../src/wire/listener.ts'
import { serve, type ServeOptions } from '../../src/wire/server.ts'

/** `200 OK` with ten digits and their length, and whatever the test says of it. */
export function tenBytes(overrides: Partial<HttpResponse>): HttpResponse {
  return {
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [['Content-Length', '10']],
    body: Buffer.from('0123456789'),
    trailers: [],
    ...overrides,
  }
}

/** A server on loopback that does not wait long when it closes, which is after the test. */
export async function servingWith(
  t: TestContext,
  options: Pick<ServeOptions, 'handler'> & Partial<ServeOptions>,
): Promise<RunningServer> {
  const server = await serve({ listen: '127.0.0.1:0', closeDeadlineMs: 30, ...options })
  t.after(() => server.close())
  return server
}

/** How many timers of this process are running. */
export function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
