import type { InterimResponse, WebSocketFrame } from '../core/exchange.ts'
import { fieldsFault, isWireText } from './pair-fault.ts'

/**
 * What no recording can hold of what came before a response or followed it, as words that follow "cannot be used:";
 * undefined for what is sound. Reader and writer judge alike.
 */
export function passageFault(passage: {
  readonly interim: readonly InterimResponse[]
  readonly frames: readonly WebSocketFrame[]
}): string | undefined {
  return interimFault(passage.interim) ?? framesFault(passage.frames)
}

function interimFault(interim: readonly InterimResponse[]): string | undefined {
  if (!inOrder(interim)) return 'its interim responses do not follow one another in time'
  for (const { status, reason, headers } of interim) {
    // 101 ends the talk in HTTP, so it is an answer and not a word before one (RFC 9110 §15.2.2).
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      return `the status of an interim response is ${status}`
    }
    if (!isWireText(reason)) return 'the reason phrase of an interim response cannot be on a wire'
    const fault = fieldsFault('interim headers', headers)
    if (fault !== undefined) return fault
  }
  return undefined
}

function framesFault(frames: readonly WebSocketFrame[]): string | undefined {
  if (!inOrder(frames)) return 'its frames do not follow one another in time'
  const wrong = frames.find(({ opcode }) => !Number.isInteger(opcode) || opcode < 0 || opcode > 15)
  return wrong && `the opcode of a frame is ${wrong.opcode}, and there are 0 to 15`
}

/** Milliseconds of some 30,000 years; what waits longer waits for ever. */
const LONGEST_MS = 1e15

function inOrder(moments: readonly { readonly atMs: number }[]): boolean {
  let last = 0
  for (const { atMs } of moments) {
    if (!(atMs >= last && atMs <= LONGEST_MS)) return false
    last = atMs
  }
  return true
}
