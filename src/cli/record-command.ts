import type { Command } from 'commander'
import { record, type RecordingSummary } from '../app/record.ts'
import { parseMapping } from '../app/routes.ts'
import { ResealError } from '../core/errors.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { maskedTarget } from '../core/masking.ts'
import type { PairHead } from '../core/pair.ts'
import { formatDuration, systemClock } from '../core/time.ts'
import {
  collect,
  directoryOptions,
  settingsOf,
  transformsFileOf,
  type DirectoryFlags,
} from './directory-options.ts'
import { formatSize } from './inspect-commands.ts'
import type { Output } from './output.ts'
import { gapLines } from './passage-lines.ts'
import { count } from './transform-report.ts'
import { tlsLines, tlsOptions, tlsSourceOf, type TlsFlags } from './tls-options.ts'
import { untilStopped } from './until-stopped.ts'

interface RecordFlags extends DirectoryFlags, TlsFlags {
  readonly target?: string
  readonly listen?: string
  readonly map: readonly string[]
  readonly append?: true
  readonly keepSignatures?: true
  readonly maxBody?: string
  readonly durability?: string
  readonly tag?: readonly string[]
  readonly maxPending?: string
  readonly insecureUpstream?: true
  readonly preserveHost?: true
  readonly xfwd?: true
  readonly clientTimeout?: string
  readonly connectTimeout?: string
  readonly upstreamTimeout?: string
  readonly quiet?: true
}

/** `reseal record`: a reverse proxy that keeps what passes. */
export function addRecordCommand(program: Command, output: Output): void {
  tlsOptions(directoryOptions(program.command('record')))
    .description('Record what passes between a client and its backends, until SIGTERM or Ctrl-C.')
    .argument('<snapshot>', 'name of the snapshot to write')
    .option('--target <url>', 'backend that --listen stands for')
    .option('--listen <address>', 'HOST:PORT to listen on, port 0 for any (default: 127.0.0.1:8080)')
    .option('--map <listen=url>', 'another listener and its backend; may be repeated', collect, [])
    .option(
      '--tag <name=value>',
      'what the snapshot says of these pairs, such as direction=in; may be repeated',
      collectTags,
    )
    .option('--append', 'go on with a snapshot that is there')
    .option('--keep-signatures', 'store JWTs with their signatures, usable until they expire')
    .option(
      '--max-body <size>',
      'bytes of one body that are stored whole; longer ones pass, their first MiB stored (default: 32MiB)',
    )
    .option(
      '--durability <level>',
      'what a pair outlives once its client has the response: normal, full or relaxed (default: normal)',
    )
    .option(
      '--max-pending <size>',
      'memory for exchanges under way and pairs on their way to the disk (default: 256MiB)',
    )
    .option('--insecure-upstream', 'accept an HTTPS backend whose certificate does not verify')
    .option('--preserve-host', "send the client's Host to the backend, instead of the backend's own")
    .option('--xfwd', 'tell the backend of the client: X-Forwarded-For, -Host and -Proto')
    .option(
      '--client-timeout <time>',
      'how long a client may take for the head of a request, or hold back its content (default: 10s)',
    )
    .option('--connect-timeout <time>', 'how long connecting to a backend may take (default: 10s)')
    .option(
      '--upstream-timeout <time>',
      'how long a backend may take for the head of its response, or pause in its content (default: 2m)',
    )
    .option('--quiet', 'print only the ready lines and what went wrong')
    .action(async (snapshot: string, flags: RecordFlags) => {
      await runRecord(snapshot, flags, output)
    })
}

async function runRecord(snapshot: string, flags: RecordFlags, output: Output): Promise<void> {
  const settings = settingsOf(flags)
  const lively = output.live && !settings.quiet
  const recording = await record({
    snapshot,
    snapshotsDirectory: settings.snapshots,
    transformsFile: transformsFileOf(settings, snapshot),
    routes: routesOf(flags, settings.listen),
    append: flags.append === true,
    tags: settings.tags,
    redact: settings.redact,
    keepSignatures: flags.keepSignatures === true,
    maxBodyBytes: settings.maxBodyBytes,
    durability: settings.durability,
    maxPendingBytes: settings.maxPendingBytes,
    insecureUpstream: flags.insecureUpstream === true,
    preserveHost: flags.preserveHost === true,
    xfwd: flags.xfwd === true,
    connectTimeoutMs: settings.connectTimeoutMs,
    upstreamTimeoutMs: settings.upstreamTimeoutMs,
    clientTimeoutMs: settings.clientTimeoutMs,
    tls: tlsSourceOf(flags, settings.secrets),
    clock: { now: systemClock, monotonicMs: () => performance.now() },
    onPair: (pair, jwts) => {
      if (lively) output.message(exchangeLine(pair, jwts))
    },
    onWarning: (message) => output.message(`warning: ${message}`),
  })
  for (const line of tlsLines(recording.authorityFile)) output.message(line)
  for (const url of recording.urls) output.message(`reseal ready record ${url}`)
  await untilStopped()
  if (lively) output.message('stopping; Ctrl-C again ends at once')
  const summary = await recording.stop()
  if (!settings.quiet) for (const line of summaryLines(summary, snapshot)) output.message(line)
  if (summary.notStored > 0) output.exitCode = 1
}

/** Without a flag, the environment and the file of settings say it. */
function collectTags(value: string, earlier: readonly string[] = []): readonly string[] {
  return collect(value, earlier)
}

function routesOf(flags: RecordFlags, listen: string): readonly { listen: string; target: string }[] {
  const mapped = flags.map
    .map(parseMapping)
    .flatMap(({ listen, target }) => (target === undefined ? [] : [{ listen, target }]))
  if (flags.target !== undefined) return distinct([{ listen, target: flags.target }, ...mapped])
  if (flags.listen !== undefined && mapped.length > 0) {
    throw new ResealError('USAGE', `Nothing says what ${flags.listen} stands for`, {
      hint: `Add --target URL, or write --map ${flags.listen}=URL.`,
    })
  }
  if (mapped.length > 0) return distinct(mapped)
  throw new ResealError('USAGE', 'There is no backend to record', {
    hint: 'Name one with --target URL, or several with --map LISTEN=URL.',
  })
}

/** @throws ResealError USAGE when two backends are to share a listener */
function distinct<R extends { readonly listen: string }>(routes: readonly R[]): readonly R[] {
  const addresses = routes.map(({ listen }) => parseListenAddress(listen)).filter(({ port }) => port !== 0)
  const named = addresses.map(formatListenAddress)
  const twice = named.find((address, index) => named.indexOf(address) !== index)
  if (twice === undefined) return routes
  throw new ResealError('USAGE', `${twice} is to stand for two backends`, {
    hint: 'Give each a port of its own.',
  })
}

function exchangeLine({ request, response, outcome, tookMs }: PairHead, jwts: number): string {
  const parts = [
    request.method,
    maskedTarget(request.target),
    response === undefined ? outcome : String(response.status),
    formatDuration(tookMs),
    ...(outcome === 'complete' || response === undefined ? [] : [outcome]),
    ...(jwts === 0 ? [] : [jwts === 1 ? '1 JWT' : `${jwts} JWTs`]),
  ]
  return parts.join('  ')
}

function summaryLines(summary: RecordingSummary, snapshot: string): readonly string[] {
  const { pairs, jwts, truncated, failed, notStored, gaps, file, scaffolded } = summary
  return [
    `recorded ${count(pairs, 'pair')}, ${formatSize(summary.bytes)}, ${count(jwts, 'JWT')} into ${file}`,
    ...(failed > 0 ? [`${count(failed, 'exchange')} did not end whole, recorded with the outcome`] : []),
    ...(truncated > 0
      ? [
          `${count(truncated, 'exchange')} with a body longer than --max-body, stored truncated and not replayed`,
        ]
      : []),
    ...(notStored > 0 ? [`${count(notStored, 'exchange')} could not be stored`] : []),
    ...gapLines(gaps),
    ...(scaffolded === undefined ? [] : [`wrote ${scaffolded}: it says what a replay changes, and why`]),
    ...(pairs > 0 ? [`replay it with: reseal replay ${snapshot}`] : []),
  ]
}
