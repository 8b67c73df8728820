import { STATUS_CODES } from 'node:http'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { headerValues } from '../core/headers.ts'
import { maskedTarget } from '../core/masking.ts'
import { printable } from '../core/printable.ts'
import type { MissCause } from '../match/miss-cause.ts'
import type { NearMiss } from '../match/near-miss.ts'
import type { Compared } from './recorded-paths.ts'
import { fieldsOf, remedyLines } from '../match/remedy.ts'

/** What there is to say of a request that nothing answers. */
export interface MissReport {
  readonly method: string
  /** Masked. */
  readonly target: string
  /** Why it was probably missed. */
  readonly cause: MissCause
  readonly hint: string
  /** Lines of a transform document under which the nearest pair would answer. */
  readonly yaml: readonly string[] | undefined
  readonly nearest: readonly NearMiss[]
  /** What the nearest were chosen from; undefined where it was every recorded pair. */
  readonly compared: Compared | undefined
}

/** What was found near a request, and among how many. */
export interface Found {
  readonly near: readonly NearMiss[]
  readonly compared?: Compared | undefined
}

/** Says why a request was missed and what can be done. */
export function missReport({ method, target }: HttpRequest, { near, compared }: Found): MissReport {
  const [first] = near
  const cause = first?.cause ?? 'new endpoint'
  const yaml = first && cause !== 'new endpoint' ? remedyLines(first) : undefined
  return {
    method: printable(method),
    target: maskedTarget(target),
    cause,
    hint: hintFor(cause, first, yaml),
    yaml,
    nearest: near,
    compared,
  }
}

/** The answer to a miss: JSON, or text for a client that would rather have that. */
export function missResponse(request: HttpRequest, found: Found, status: number): HttpResponse {
  const report = missReport(request, found)
  const text = prefersText(request)
  const body = Buffer.from(text ? `${missText(report).join('\n')}\n` : missJson(report))
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    httpVersion: '1.1',
    headers: [
      ['Content-Type', `${text ? 'text/plain' : 'application/json'}; charset=utf-8`],
      ['Content-Length', String(body.length)],
      ['X-Reseal-Miss', '1'],
    ],
    body,
    trailers: [],
  }
}

/** A report for people, a line each. */
export function missText({ nearest, compared, ...report }: MissReport): readonly string[] {
  const { method, target, cause, hint, yaml } = report
  return [
    `The snapshot has no answer to ${method} ${target} (${cause}).`,
    ...(compared === undefined ? [] : [comparedSentence(compared)]),
    ...nearest.flatMap((near) => [
      `pair ${near.pair}: ${near.method} ${near.target} (${near.cause})`,
      ...near.differs.map(
        ({ field, recorded = 'nothing', asked = 'nothing' }) =>
          `  ${field}: recorded ${recorded}, asked ${asked}`,
      ),
    ]),
    hint,
    ...(yaml ?? []).map((line) => `  ${line}`),
  ]
}

/** The same for a log: which request, and what to make of it, a line each. */
export function missLogLines(request: HttpRequest, found: Found): readonly string[] {
  const report = missReport(request, found)
  const [first] = found.near
  const nearest = first === undefined ? '' : `  nearest: pair ${first.pair}`
  return [
    `miss  ${report.method} ${report.target}${nearest} (${report.cause})`,
    ...missText(report)
      .slice(1)
      .map((line) => `  ${line}`),
  ]
}

function missJson(report: MissReport): string {
  const { method, target, cause, hint, yaml } = report
  const message = `The snapshot has no answer to ${method} ${target}.`
  return `${JSON.stringify(
    {
      error: { code: 'NO_RECORDED_PAIR', message, hint },
      request: { method, target },
      cause,
      nearest: nearestJson(report.nearest),
      ...(report.compared === undefined ? {} : { compared: report.compared }),
      ...(yaml === undefined ? {} : { yaml: `${yaml.join('\n')}\n` }),
    },
    null,
    2,
  )}\n`
}

/** The search for near misses goes on while requests are answered: the same request gets a better report later. */
function comparedSentence({ pairs, of }: Compared): string {
  return `It was compared with ${pairs} of ${of} pairs so far; asked again later, it may be nearer to another one.`
}

/** Near misses as JSON shows them. */
export function nearestJson(nearest: readonly NearMiss[]): readonly unknown[] {
  return nearest.map(({ pair, method, target, cause, differs }) => ({
    pair,
    method,
    target,
    cause,
    differs: differs.map(({ field, recorded, asked, cause: why }) => ({
      field,
      recorded,
      asked,
      cause: why,
    })),
  }))
}

/** What to do where no line of a document helps. */
const ADVICE: Readonly<Partial<Record<MissCause, string>>> = {
  'new endpoint':
    'Nothing like it was recorded; record it, or answer it from the backend with --on-miss record.',
  recording: 'Its recording is not whole; record it again.',
  host: 'It was recorded from another backend; map a listener to that one with --map LISTEN=URL.',
  method: 'It was recorded with another method only.',
  'trailing slash': 'It was recorded with or without the slash at the end; ask for the recorded path.',
  'letter case': 'Capital and small letters differ in paths; ask for the recorded path.',
  user: 'It was recorded for other users only; record it for this one too.',
}

function hintFor(cause: MissCause, near: NearMiss | undefined, yaml: readonly string[] | undefined): string {
  if (near === undefined) return 'The snapshot holds no whole pair at all; record one first.'
  if (yaml !== undefined) return 'If the difference does not matter, add to the transform document:'
  return ADVICE[cause] ?? `Pair ${near.pair} comes nearest; it differs in ${fieldsOf(near.differs)}.`
}

function prefersText({ headers }: HttpRequest): boolean {
  const accepted = headerValues(headers, 'accept').join(',').toLowerCase()
  return accepted.includes('text/') && !accepted.includes('json')
}
