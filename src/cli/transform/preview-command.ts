import type { Command } from 'commander'
import { diffArrays } from 'diff'
import { preview, type Preview } from '../../app/transform-preview.ts'
import { utf8OfText, binaryText } from '../../core/binary-text.ts'
import { decodeBody } from '../../core/body-coding.ts'
import { ResealError } from '../../core/errors.ts'
import type { HttpResponse } from '../../core/exchange.ts'
import { claimsOf, findJwts, headerOf, type Jwt } from '../../core/jwt.ts'
import { maskedTarget } from '../../core/masking.ts'
import { printable, printableText } from '../../core/printable.ts'
import type { PairId } from '../../core/pair.ts'
import { formatMoment } from '../../core/time.ts'
import { decodedJwt } from '../decoded-jwt.ts'
import { directoryOptions, settingsOf, transformSources, type DirectoryFlags } from '../directory-options.ts'
import { parsePairId } from '../inspect-commands.ts'
import { jsonLine, type Output } from '../output.ts'

interface PreviewFlags extends DirectoryFlags {
  readonly json?: true
  readonly now?: string
  readonly seed?: string
  readonly diff?: true
}

/** `reseal transform preview`: pairs before and after. */
export function addPreviewCommand(transform: Command, output: Output): void {
  directoryOptions(transform.command('preview'))
    .description('Show pairs before and after their transforms, tokens decoded.')
    .argument('<snapshot>', 'name of the snapshot')
    .argument('[pair]', 'number of the pair; all that change when left out', parsePairId)
    .option('--now <time>', 'the moment of serving, as ISO 8601 (default: now)')
    .option('--seed <text>', 'what random values are made from (default: as in a replay)')
    .option('--diff', 'only the lines that change, with three around them')
    .option('--json', 'print JSON')
    .action((snapshot: string, pair: PairId | undefined, flags: PreviewFlags) =>
      showPreview(snapshot, pair, flags, output),
    )
}

async function showPreview(
  snapshot: string,
  pair: PairId | undefined,
  flags: PreviewFlags,
  output: Output,
): Promise<void> {
  const nowMs = momentOf(flags.now)
  const sources = {
    ...transformSources(settingsOf(flags), snapshot),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.now === undefined ? {} : { clock: () => nowMs }),
  }
  const previews = await preview(sources, pair, nowMs)
  const context = flags.diff === true ? 3 : Infinity
  if (flags.json === true) output.data(jsonLine(previews.map(previewJson)))
  else if (previews.length === 0) output.data('No pair changes: every response is served as recorded.\n')
  else output.data(previews.map((one) => previewPage(one, context, output)).join('\n'))
}

function momentOf(text: string | undefined): number {
  if (text === undefined) return Date.now()
  const moment = Date.parse(text)
  if (!Number.isNaN(moment)) return moment
  throw new ResealError('USAGE', `"${text}" is not a moment`, { hint: 'Write it as 2030-01-31T12:00:00Z.' })
}

function previewPage(one: Preview, context: number, output: Output): string {
  const before = messageLines(one.before)
  const after = messageLines(one.after)
  return [
    output.style('bold', `Pair ${one.pair}  ${maskedTarget(one.request)}`),
    ...one.trace.map(({ chain, step, place, applied, notFound }) =>
      output.style(
        'dim',
        `  line ${place.line}, ${chain}: ${step} → ${notFound ?? applied.map(printable).join(', ')}`,
      ),
    ),
    ...withContext(changedLines(before, after), context).map((line) => styled(line, output)),
    '',
  ].join('\n')
}

interface ChangedLine {
  readonly mark: ' ' | '-' | '+' | '…'
  readonly text: string
}

function changedLines(before: readonly string[], after: readonly string[]): readonly ChangedLine[] {
  return diffArrays([...before], [...after]).flatMap(({ value, removed, added }) =>
    value.map((text): ChangedLine => ({ mark: removed ? '-' : added ? '+' : ' ', text })),
  )
}

/** Lines that stay, further than `context` from any that changes, give way to one `…`. */
function withContext(lines: readonly ChangedLine[], context: number): readonly ChangedLine[] {
  if (context === Infinity) return lines
  const near = new Set<number>()
  for (const [index, { mark }] of lines.entries()) {
    if (mark === ' ') continue
    for (let at = index - context; at <= index + context; at += 1) near.add(at)
  }
  return lines.flatMap((line, index): readonly ChangedLine[] => {
    if (near.has(index)) return [line]
    return index === 0 || near.has(index - 1) ? [{ mark: '…', text: '' }] : []
  })
}

function styled({ mark, text }: ChangedLine, { style }: Output): string {
  const line = `${mark} ${text}`.trimEnd()
  if (mark === ' ') return `  ${text}`
  return style(mark === '-' ? 'red' : mark === '+' ? 'green' : 'dim', line)
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
    (rest, { start, end, jwt }) => `${rest.slice(0, start)}${shortToken(jwt)}${rest.slice(end)}`,
    text,
  )
}

/** Without the signature, of which ECDSA makes another each time. */
function shortToken({ token }: Jwt): string {
  const signed = token.slice(0, token.lastIndexOf('.') + 1)
  return `${signed.slice(0, 12)}…${signed.slice(-9)}…`
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
