import Table from 'cli-table3'
import type { Command } from 'commander'
import {
  findTokens,
  listAll,
  readGaps,
  readPairs,
  verify,
  type FoundToken,
  type SnapshotSummary,
} from '../app/inspect.ts'
import { ERRORS, ResealError } from '../core/errors.ts'
import { printable } from '../core/printable.ts'
import type { PairId, RecordedGap, RRPair } from '../core/pair.ts'
import { formatDuration, formatMoment } from '../core/time.ts'
import { directoryOptions, settingsOf, snapshotOptions, type DirectoryFlags } from './directory-options.ts'
import { jsonLine, type Output } from './output.ts'
import { pairJson, pairLine, pairPage } from './pair-page.ts'
import { gapLines } from './passage-lines.ts'
import { secretLines, secretsOf } from './secret-commands.ts'
import { count } from './transform-report.ts'

/** `ls`, `show`, `tokens`, `verify`: what is in the snapshots. */
export function addInspectCommands(program: Command, output: Output): void {
  directoryOptions(program.command('ls'))
    .description('List the snapshots.')
    .option('--json', 'print JSON')
    .action((flags: DirectoryFlags & JsonFlag) => {
      const directory = settingsOf(flags).snapshots
      const snapshots = listAll(directory)
      const json = (): unknown => snapshots.map((one) => ({ ...one, gaps: one.gaps.map(gapJson) }))
      output.data(flags.json === true ? jsonLine(json()) : snapshotTable(snapshots, directory))
    })

  directoryOptions(program.command('show'))
    .description('Show the pairs of a snapshot, or one of them whole.')
    .argument('<snapshot>', 'name of the snapshot')
    .argument('[pair]', 'number of the pair', parsePairId)
    .option('--json', 'print JSON')
    .option('--raw', 'print the response body byte for byte as it was recorded, content codings included')
    .action(
      (snapshot: string, pair: PairId | undefined, flags: DirectoryFlags & JsonFlag & { raw?: true }) => {
        const directory = settingsOf(flags).snapshots
        show(readPairs(directory, snapshot, pair), pair !== undefined, flags, output)
        if (pair === undefined)
          for (const line of gapLines(readGaps(directory, snapshot))) output.message(line)
      },
    )

  directoryOptions(program.command('tokens'))
    .description('List every JWT a snapshot holds: where, whose, and whether it has expired.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--json', 'print JSON')
    .action((snapshot: string, flags: DirectoryFlags & JsonFlag) => {
      const tokens = findTokens(settingsOf(flags).snapshots, snapshot)
      const now = Date.now()
      output.data(flags.json === true ? jsonLine(tokens.map(tokenJson)) : tokenTable(tokens, now))
    })

  snapshotOptions(program.command('verify'))
    .description(
      'Check that a snapshot is whole: database, schema, bodies, references. Exits 4 when it is not.',
    )
    .argument('<snapshot>', 'name of the snapshot')
    .option('--secrets', 'check too that it holds no secret that could be used')
    .option('--json', 'print JSON')
    .action((snapshot: string, { secrets: search, ...flags }: VerifyFlags) => {
      const settings = settingsOf(flags)
      const verdict = verify(settings.snapshots, snapshot)
      const secrets = search === true ? secretsOf(settings, snapshot) : undefined
      if (flags.json === true)
        output.data(jsonLine({ ...verdict, gaps: verdict.gaps.map(gapJson), ...(secrets && { secrets }) }))
      else {
        for (const problem of verdict.problems) output.data(`${problem}\n`)
        const state = verdict.problems.length === 0 ? 'whole' : `${verdict.problems.length} problems`
        output.data(
          `${snapshot}: ${state}; ${verdict.pairs} pairs, ${verdict.bodies} bodies, ${verdict.bytes} bytes\n`,
        )
        for (const line of gapLines(verdict.gaps)) output.data(`${line}\n`)
        for (const line of secrets === undefined ? [] : secretLines(secrets, snapshot))
          output.data(`${line}\n`)
      }
      if (verdict.problems.length > 0 || (secrets?.length ?? 0) > 0) output.exitCode = ERRORS.CHECK_FAILED
    })
}

/** `--secrets` is a switch here, and no directory. */
type VerifyFlags = Omit<DirectoryFlags, 'secrets'> & JsonFlag & { readonly secrets?: boolean }

interface JsonFlag {
  readonly json?: true
}

/** @throws ResealError USAGE when the text is not a whole number from 1 */
export function parsePairId(text: string): PairId {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new ResealError('USAGE', `"${text}" is not the number of a pair`, {
    hint: 'Pairs are numbered from 1.',
  })
}

function show(
  pairs: readonly RRPair[],
  one: boolean,
  flags: JsonFlag & { raw?: true },
  output: Output,
): void {
  const [first] = pairs
  if (flags.raw === true) {
    if (!one || first === undefined) {
      throw new ResealError('USAGE', '--raw prints one pair', {
        hint: 'Name it: reseal show <snapshot> <pair> --raw',
      })
    }
    output.data(first.response?.body ?? '')
  } else if (flags.json === true) {
    output.data(jsonLine(one && first !== undefined ? pairJson(first) : pairs.map(pairJson)))
  } else if (one && first !== undefined) output.data(pairPage(first, Date.now(), output.style))
  else output.data(pairs.map((pair) => `${pairLine(pair)}\n`).join(''))
}

function snapshotTable(snapshots: readonly SnapshotSummary[], directory: string): string {
  if (snapshots.length === 0) {
    return `No snapshots in ${directory}. Record one with: reseal record <snapshot> --target URL\n`
  }
  return table(
    ['snapshot', 'pairs', 'size', 'recorded', 'targets'],
    snapshots.map((one) => [
      one.name,
      one.problem === undefined ? String(one.pairs) : '-',
      formatSize(one.fileBytes),
      one.recordedFrom === undefined ? '-' : formatMoment(one.recordedFrom),
      one.problem ?? [...one.targets, ...gapNote(one.gaps)].join(', '),
    ]),
  )
}

function gapNote(gaps: readonly RecordedGap[]): readonly string[] {
  const lost = gaps.reduce((sum, { exchanges }) => sum + exchanges, 0)
  return lost === 0 ? [] : [`${count(lost, 'exchange')} not stored`]
}

function gapJson(gap: RecordedGap): unknown {
  return { ...gap, from: formatMoment(gap.from), to: formatMoment(gap.to) }
}

function tokenTable(tokens: readonly FoundToken[], nowMs: number): string {
  if (tokens.length === 0) return 'No JWT in this snapshot.\n'
  return table(
    ['pair', 'where', 'alg', 'kid', 'iss', 'sub', 'lifetime', 'expires'],
    tokens.map((token) => [
      String(token.pair),
      token.where,
      token.jwt.alg,
      token.jwt.kid ?? '-',
      token.issuer ?? '-',
      token.subject ?? '-',
      token.lifetimeSeconds === undefined ? '-' : formatDuration(token.lifetimeSeconds * 1000),
      expiry(token.expires, nowMs),
    ]),
  )
}

function expiry(expires: number | undefined, nowMs: number): string {
  if (expires === undefined) return 'never'
  const leftMs = expires * 1000 - nowMs
  return leftMs > 0 ? `in ${formatDuration(leftMs)}` : `expired ${formatDuration(-leftMs)} ago`
}

function tokenJson(token: FoundToken): unknown {
  const { pair, where, issuer, subject, expires, lifetimeSeconds, jwt } = token
  const { alg, kid } = jwt
  return { pair, where, alg, kid, iss: issuer, sub: subject, exp: expires, lifetimeSeconds }
}

/** `1.4 MiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let value = bytes
  while (value >= 1024 && units.length > 1) {
    value /= 1024
    units.shift()
  }
  return `${units[0] === 'B' ? value : value.toFixed(1)} ${units[0]}`
}

const NO_LINES = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
)

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = new Table({
    head: [...head],
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  lines.push(...rows.map((row) => row.map(printable)))
  return `${lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}
