import type { TestContext } from 'node:test'
import type { RunningServer } from '../../src/wire/listener.ts'
import { serveForwarding, type RecordServerOptions } from '../../src/wire/record-server.ts'
import { tapLog, type TapLog } from './tap-log.ts'

/**
 * A forwarding server on a free port, and what its tap was told; it is closed when the test ends.
 * @param hold as in {@link tapLog}
 */
export async function proxying(
  t: TestContext,
  target: string,
  options: Partial<RecordServerOptions> = {},
  hold?: () => Promise<void>,
): Promise<{ readonly proxy: RunningServer; readonly log: TapLog }> {
  const log = tapLog(hold)
  const proxy = await serveForwarding({
    listen: ':0',
    target,
    tap: log.tap,
    closeDeadlineMs: 1000,
    ...options,
  })
  t.after(() => proxy.close())
  return { proxy, log }
}
