import type { HttpResponse, InterimResponse, WebSocketFrame } from '../core/exchange.ts'
import type { RecordedGap } from '../core/pair.ts'
import { printable } from '../core/printable.ts'
import { formatDuration, formatMoment } from '../core/time.ts'
import type { Output } from './output.ts'
import { count } from './transform-report.ts'

/** Frames that are printed, and characters of each. */
const MAX_FRAMES = 200
const MAX_CHARACTERS = 120

/** Interim responses as they came before a response, each with its fields and a line between. */
export function interimLines(
  interim: readonly InterimResponse[] = [],
  style: Output['style'],
): readonly string[] {
  return interim.flatMap(({ status, reason, headers, atMs }) => [
    style('bold', printable(`${status} ${reason}`.trimEnd())) +
      style('dim', ` after ${formatDuration(atMs)}`),
    ...headers.map(([name, value]) => `${style('cyan', name)}: ${printable(value)}`),
    '',
  ])
}

/** How the content came, where that was in more than one piece or behind its head. */
export function piecesLine({ chunks = [] }: HttpResponse): readonly string[] {
  const [first] = chunks
  const last = chunks.at(-1)
  if (first === undefined || last === undefined) return []
  const span = `${formatDuration(first.atMs)} to ${formatDuration(last.atMs)} after the request`
  return [`content came in ${count(chunks.length, 'piece')}, ${span}`]
}

/** The frames of a WebSocket, a line each: when, from whom, what. */
export function frameLines(
  frames: readonly WebSocketFrame[] = [],
  style: Output['style'],
): readonly string[] {
  if (frames.length === 0) return []
  const left = frames.length - MAX_FRAMES
  return [
    '',
    style('bold', count(frames.length, 'frame')),
    ...frames.slice(0, MAX_FRAMES).map(frameLine),
    ...(left > 0 ? [`  … ${count(left, 'frame')} more; --json prints them`] : []),
  ]
}

const OPCODES: ReadonlyMap<number, string> = new Map([
  [0, 'continuation'],
  [1, 'text'],
  [2, 'binary'],
  [8, 'close'],
  [9, 'ping'],
  [10, 'pong'],
])

function frameLine({ from, fin, opcode, payload, atMs }: WebSocketFrame): string {
  const kind = `${OPCODES.get(opcode) ?? `opcode ${opcode}`}${fin ? '' : ' (more follows)'}`
  const when = formatDuration(atMs).padStart(8)
  return `${when}  ${from.padEnd(6)}  ${kind}  ${payload.length === 0 ? '' : shownPayload(opcode, payload)}`.trimEnd()
}

function shownPayload(opcode: number, payload: Uint8Array): string {
  if (opcode !== 1) return `${payload.length} bytes`
  const text = Buffer.from(payload.subarray(0, 4 * MAX_CHARACTERS)).toString('utf8')
  const shown = text.slice(0, MAX_CHARACTERS).toWellFormed()
  return printable(shown) + (shown.length < text.length ? ` … ${payload.length} bytes` : '')
}

/** Gaps that are printed. */
const MAX_GAPS = 20

/** What could not be stored, a line for each gap. */
export function gapLines(gaps: readonly RecordedGap[]): readonly string[] {
  const left = gaps.length - MAX_GAPS
  return [
    ...gaps.slice(0, MAX_GAPS).map(gapLine),
    ...(left > 0 ? [`gap: ${left} more; verify --json prints them`] : []),
  ]
}

function gapLine({ from, to, exchanges, reason }: RecordedGap): string {
  const span = `${formatMoment(from)} to ${formatMoment(to)}`
  return `gap: ${count(exchanges, 'exchange')} not stored, ${span}: ${printable(reason)}`
}
