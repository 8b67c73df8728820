import type { EventEmitter } from 'node:events'
import type { ExchangeTap, Outcome } from '../core/exchange.ts'

/** How an exchange ends, decided once. */
export interface Ending {
  /** Undefined while it goes on. */
  outcome(): Outcome | undefined
  /** Ends the exchange and tells the tap of a failure; false when it has ended already. */
  end(outcome: Outcome, error?: string): boolean
  /** Runs a step once the tap has what it was told of the end safe; at once where it asks for no wait. */
  whenSafe(step: () => void): void
  /** What to give up when the client leaves; the last one given counts. */
  holds(outgoing: { destroy(): unknown }): void
}

/**
 * Watches for the client to leave before the exchange has ended.
 * @param client says `close` when it is gone: the socket and not the response, since a pipelined response that is not
 *   yet its turn never hears of its client's end
 * @param wasCut whether reseal itself has closed every connection, which else looks as if client or upstream had
 */
export function watchForEnd(client: EventEmitter, tap: ExchangeTap, wasCut: () => boolean): Ending {
  let ended: Outcome | undefined
  let safe: Promise<void> | undefined
  let held: { destroy(): unknown } | undefined
  const end = (outcome: Outcome, error = ''): boolean => {
    if (ended !== undefined) return false
    ended = outcome
    client.off('close', clientGone)
    if (outcome === 'complete') return true
    safe = wasCut()
      ? tap.failed('client aborted', 'reseal was stopped before it ended')
      : tap.failed(outcome, error)
    return true
  }
  const clientGone = (): void => {
    if (end('client aborted', 'The client closed the connection before the answer was whole')) held?.destroy()
  }
  client.once('close', clientGone)
  return {
    outcome: () => ended,
    end,
    whenSafe(step) {
      if (safe === undefined) step()
      else safe.then(step, step)
    },
    holds(outgoing) {
      held = outgoing
    },
  }
}
