import type { Command } from 'commander'
import { diffArrays } from 'diff'
import { scaffoldFor, writeScaffoldOnce } from '../app/scaffold.ts'
import { checkTransforms, preview, type Preview, type TransformCheck } from '../app/transforms.ts'
import { ERRORS, ResealError } from '../core/errors.ts'
import { utf8OfText, binaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpResponse } from '../core/exchange.ts'
import { claimsOf, findJwts, headerOf, type Jwt } from '../core/jwt.ts'
import { maskedTarget } from '../core/masking.ts'
import { printable, printableText } from '../core/printable.ts'
import type { PairId } from '../core/pair.ts'
import { formatMoment } from '../core/time.ts'
import {
  directoryOptions,
  settingsOf,
  transformsFileOf,
  transformSources,
  type DirectoryFlags,
} from './directory-options.ts'
import { decodedJwt } from './decoded-jwt.ts'
import { parsePairId } from './inspect-commands.ts'
import { jsonLine, type Output } from './output.ts'
import { chainLines, keyLines } from './transform-report.ts'

interface TransformFlags extends DirectoryFlags {
  readonly json?: true
  readonly stdout?: true
  readonly now?: string
}

/** `reseal transform`: the document that says what a replay changes. */
export function addTransformCommands(program: Command, output: Output): void {
  const transform = program.command('transform').description('Write, check and preview transform documents.')

  directoryOptions(transform.command('scaffold'))
    .description('Write the transform document that a snapshot needs; one that is there is never touched.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--stdout', 'print it instead')
    .action((snapshot: string, flags: TransformFlags) => scaffold(snapshot, flags, output))

  directoryOptions(transform.command('check'))
    .description('Load a transform document against its snapshot and secrets, and count what each step does.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--json', 'print JSON')
    .action((snapshot: string, flags: TransformFlags) => check(snapshot, flags, output))

  directoryOptions(transform.command('preview'))
    .description('Show pairs before and after their transforms, tokens decoded.')
    .argument('<snapshot>', 'name of the snapshot')
    .argument('[pair]', 'number of the pair; all that change when left out', parsePairId)
    .option('--now <time>', 'the moment of serving, as ISO 8601 (default: now)')
    .option('--json', 'print JSON')
    .action((snapshot: string, pair: PairId | undefined, flags: TransformFlags) =>
      showPreview(snapshot, pair, flags, output),
    )
}

function scaffold(snapshot: string, flags: TransformFlags, output: Output): void {
  const settings = settingsOf(flags)
  const sources = {
    snapshot,
    snapshotsDirectory: settings.snapshots,
    transformsFile: transformsFileOf(settings, snapshot),
  }
  if (flags.stdout === true) {
    output.data(scaffoldFor(sources).yaml)
    return
  }
  const written = writeScaffoldOnce(sources)
  if (written !== undefined) {
    output.message(`wrote ${written}`)
    return
  }
  throw new ResealError(
    'TRANSFORM_INVALID',
    `${sources.transformsFile} is there already and stays as it is`,
    {
      hint: 'Compare it with what would be written: reseal transform scaffold --stdout, or remove it first.',
    },
  )
}

async function check(snapshot: string, flags: TransformFlags, output: Output): Promise<void> {
  const result = await checkTransforms(transformSources(settingsOf(flags), snapshot))
  if (flags.json === true) output.data(jsonLine(checkJson(result)))
  else {
    for (const line of [...keyLines(result.transforms), ...chainLines(result.transforms.chains)])
      output.data(`${line}\n`)
    for (const { message, place } of result.problems) {
      output.data(`error: ${place.file}:${place.line}:${place.column}: ${message}\n`)
    }
    if (result.problems.length === 0) output.data(`${result.file}: every step applies\n`)
  }
  if (result.problems.length > 0) output.exitCode = ERRORS.CHECK_FAILED
}

function checkJson({ file, problems, transforms }: TransformCheck): unknown {
  return {
    file,
    problems,
    chains: transforms.chains.map((chain) => ({
      ...chain,
      steps: chain.steps.map((step) => ({ ...step, reasons: Object.fromEntries(step.reasons) })),
    })),
    keys: transforms.keys.map(({ key, kid, issuer, tokens, matchesRecording }) => ({
      alg: key.alg,
      source: key.source,
      kid,
      issuer,
      tokens,
      matchesRecording: matchesRecording ?? null,
    })),
    notes: transforms.notes,
  }
}

async function showPreview(
  snapshot: string,
  pair: PairId | undefined,
  flags: TransformFlags,
  output: Output,
): Promise<void> {
  const nowMs = momentOf(flags.now)
  const previews = await preview(transformSources(settingsOf(flags), snapshot), pair, nowMs)
  if (flags.json === true) output.data(jsonLine(previews.map(previewJson)))
  else if (previews.length === 0) output.data('No pair changes: every response is served as recorded.\n')
  else output.data(previews.map((one) => previewPage(one, output)).join('\n'))
}

function momentOf(text: string | undefined): number {
  if (text === undefined) return Date.now()
  const moment = Date.parse(text)
  if (!Number.isNaN(moment)) return moment
  throw new ResealError('USAGE', `"${text}" is not a moment`, { hint: 'Write it as 2030-01-31T12:00:00Z.' })
}

function previewPage(one: Preview, output: Output): string {
  const changed = (name: 'before' | 'after'): readonly string[] => messageLines(one[name])
  return [
    output.style('bold', `Pair ${one.pair}  ${maskedTarget(one.request)}`),
    ...one.trace.map(({ chain, step, applied, notFound }) =>
      output.style('dim', `  ${chain}: ${step} → ${notFound ?? applied.join(', ')}`),
    ),
    ...diffArrays([...changed('before')], [...changed('after')]).flatMap(({ value, removed, added }) =>
      value.map((line) => {
        if (!removed && !added) return `  ${line}`
        return removed ? output.style('red', `- ${line}`) : output.style('green', `+ ${line}`)
      }),
    ),
    '',
  ].join('\n')
}

/** A response in lines: head, body with tokens named, then each token decoded. */
function messageLines(response: HttpResponse): readonly string[] {
  const texts = [...response.headers.map(([, value]) => value), bodyText(response)]
  const tokens = texts.flatMap((text) => findJwts(text).map(({ jwt }) => jwt))
  return [
    printable(`${response.status} ${response.reason}`),
    ...response.headers.map(([name, value]) => printable(`${name}: ${shortTokens(value)}`)),
    ...(response.body.length === 0
      ? []
      : ['', ...printableText(shortTokens(utf8OfText(bodyText(response)))).split('\n')]),
    ...tokens.flatMap(jwtLines),
  ]
}

/** Longest body that a preview shows. */
const MAX_SHOWN = 64 * 1024

function bodyText({ headers, body }: HttpResponse): string {
  const plain = decodeBody(headers, body)?.bytes ?? body
  return plain.length > MAX_SHOWN ? `(${plain.length} bytes)` : binaryText(plain)
}

function shortTokens(text: string): string {
  return findJwts(text).reduceRight(
    (rest, { start, end, jwt }) =>
      `${rest.slice(0, start)}${jwt.token.slice(0, 12)}…${jwt.token.slice(-8)}${rest.slice(end)}`,
    text,
  )
}

function jwtLines(jwt: Jwt): readonly string[] {
  return decodedJwt(jwt).map((line, index) => (index === 0 ? `  ${line}` : `    ${line}${timeOf(line)}`))
}

function timeOf(line: string): string {
  const found = /^(?:iat|nbf|exp|auth_time): (\d{1,13})$/.exec(line)
  return found === null ? '' : `  (${formatMoment(Number(found[1]) * 1000)})`
}

function previewJson({ pair, request, before, after, trace }: Preview): unknown {
  const side = (response: HttpResponse): unknown => ({
    status: response.status,
    headers: response.headers,
    body: utf8OfText(bodyText(response)),
    tokens: [...response.headers.map(([, value]) => value), bodyText(response)].flatMap((text) =>
      findJwts(text).map(({ jwt }) => ({ header: headerOf(jwt), claims: claimsOf(jwt) })),
    ),
  })
  return { pair, request, trace, before: side(before), after: side(after) }
}
