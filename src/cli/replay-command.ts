import { Option, type Command } from 'commander'
import { missLogLines } from '../app/match-explain.ts'
import { MISS_CHOICES, type OnMiss } from '../app/miss-forwarding.ts'
import { replay, type Replay, type ReplaySummary } from '../app/replay.ts'
import { parseMapping, type ListenerRoute } from '../app/routes.ts'
import { boundYoungGeneration } from '../app/young-generation.ts'
import { maskedTarget } from '../core/masking.ts'
import {
  collect,
  directoryOptions,
  settingsOf,
  transformsFileOf,
  transformSources,
  type DirectoryFlags,
} from './directory-options.ts'
import { reportRequestFailure } from './failure.ts'
import { controlLines, jsonLine, type Output } from './output.ts'
import { count, keyLines } from './transform-report.ts'
import { tlsLines, tlsOptions, tlsSourceOf, type TlsFlags } from './tls-options.ts'
import { untilStopped } from './until-stopped.ts'

interface ReplayFlags extends DirectoryFlags, TlsFlags {
  readonly listen?: string
  readonly map: readonly string[]
  readonly cache?: string
  readonly pace?: string
  readonly latency?: string
  readonly clientTimeout?: string
  readonly control?: string
  readonly workers?: string
  readonly watch?: boolean
  readonly onMiss: OnMiss
  readonly target?: string
  readonly maxBody?: string
  readonly insecureUpstream?: true
  readonly connectTimeout?: string
  readonly upstreamTimeout?: string
  readonly quiet?: true
  readonly json?: true
}

/** `reseal replay`: a server that answers from a snapshot. */
export function addReplayCommand(program: Command, output: Output): void {
  tlsOptions(directoryOptions(program.command('replay')))
    .description('Answer from a snapshot, its tokens re-signed, until SIGTERM or Ctrl-C.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--listen <address>', 'HOST:PORT to listen on, port 0 for any (default: 127.0.0.1:8080)')
    .option(
      '--map <listen=url>',
      'a listener and the recorded backend it stands for; may be repeated',
      collect,
      [],
    )
    .addOption(
      new Option('--on-miss <what>', 'what a request that nothing answers gets')
        .choices(MISS_CHOICES)
        .default('error'),
    )
    .option('--target <url>', 'backend of --listen, where requests go that nothing answers')
    .option('--max-body <size>', 'bytes of one body that --on-miss record stores (default: 32MiB)')
    .option('--insecure-upstream', 'accept an HTTPS backend whose certificate does not verify')
    .option('--connect-timeout <time>', 'how long connecting to a backend may take (default: 10s)')
    .option(
      '--upstream-timeout <time>',
      'how long a backend may take for the head of its response, or pause in its content (default: 2m)',
    )
    .option('--cache <size>', 'memory for recorded responses (default: 64MiB)')
    .option('--latency <latency>', 'wait before the first byte: none, recorded, or 4x (default: none)')
    .option('--pace <pace>', 'none, recorded, or how many times as fast: 4x (default: none)')
    .option(
      '--client-timeout <time>',
      'how long a client may take for the head of a request, or hold back its content (default: 10s)',
    )
    .option('--control <address>', 'HOST:PORT of the control API (default: none)')
    .option(
      '--workers <count>',
      'processes that serve: 1 to 64, or auto: more where one is busy, up to the cores less one (default: auto)',
    )
    .option('--no-watch', 'serve what was there at the start, whatever becomes of the files')
    .option('--quiet', 'print only the ready lines and what went wrong')
    .option('--json', 'print the summary as JSON on stdout')
    .action(async (snapshot: string, flags: ReplayFlags) => {
      const release = boundYoungGeneration()
      await runReplay(snapshot, flags, output).finally(release)
    })
}

async function runReplay(snapshot: string, flags: ReplayFlags, output: Output): Promise<void> {
  // Commander's --no-watch is true where it was not given, which is no word of the user's.
  const settings = settingsOf({ ...flags, watch: flags.watch === false ? false : undefined })
  const lively = output.live && !settings.quiet
  const replaying = await replay({
    ...transformSources(settings, snapshot, (line) => {
      if (!settings.quiet) output.message(line)
    }),
    routes: routesOf(flags, settings.listen),
    control: flags.control,
    watch: settings.watch,
    workers: settings.workers,
    whenMissed: flags.onMiss,
    target: flags.target,
    maxBodyBytes: settings.maxBodyBytes,
    insecureUpstream: flags.insecureUpstream === true,
    connectTimeoutMs: settings.connectTimeoutMs,
    upstreamTimeoutMs: settings.upstreamTimeoutMs,
    cacheBytes: settings.cacheBytes,
    pace: settings.pace,
    latency: settings.latency,
    clientTimeoutMs: settings.clientTimeoutMs,
    tls: tlsSourceOf(flags, settings.secrets),
    onHit: (request, pair) => {
      if (lively) output.message(`${request.method} ${maskedTarget(request.target)}  pair ${pair}`)
    },
    onMiss: (request, found) => {
      if (!settings.quiet) for (const line of missLogLines(request, found)) output.message(line)
    },
    onError: (error) => reportRequestFailure(error, output),
  })
  if (!settings.quiet)
    for (const line of startLines(replaying, transformsFileOf(settings, snapshot), settings.workers))
      output.message(line)
  for (const line of tlsLines(replaying.authorityFile)) output.message(line)
  for (const url of replaying.urls) output.message(`reseal ready replay ${url}`)
  for (const line of controlLines(replaying.control)) output.message(line)
  await untilStopped()
  if (lively) output.message('stopping; Ctrl-C again ends at once')
  const summary = await replaying.stop()
  if (flags.json === true) output.data(jsonLine(summaryJson(summary)))
  if (!settings.quiet) for (const line of summaryLines(summary)) output.message(line)
}

function routesOf(flags: ReplayFlags, listen: string): readonly ListenerRoute[] {
  const mapped = flags.map.map(parseMapping)
  return mapped.length > 0 && flags.listen === undefined ? mapped : [{ listen, target: undefined }, ...mapped]
}

function startLines(replaying: Replay, file: string, processes: number | 'auto'): readonly string[] {
  const { transforms, coverage, untransformed, issuers, workers } = replaying
  const { unservable } = coverage()
  return [
    ...(untransformed ? [`no ${file}: every response is served as recorded`] : []),
    ...keyLines(transforms),
    ...issuers.map(({ name, issuer }) => `issuer ${name} answers for ${issuer.settings.issuer}`),
    ...processLines(workers.most + 1, processes),
    ...(unservable.length === 0
      ? []
      : [
          `${count(unservable.length, 'recorded pair')} without a whole answer, not served: ${listOf(unservable)}`,
        ]),
  ]
}

/** Nothing where one serves, as most do. */
function processLines(most: number, processes: number | 'auto'): readonly string[] {
  if (most === 1) return []
  return [
    processes === 'auto'
      ? `up to ${most} processes serve, as there is use for them`
      : `${most} processes serve`,
  ]
}

function summaryLines({ hits, misses, coverage, transforms }: ReplaySummary): readonly string[] {
  const idle = unusedSteps(transforms)
  return [
    `answered ${count(hits, 'request')}, missed ${misses}; served ${coverage.served} of ${coverage.pairs} pairs`,
    ...(coverage.neverServed.length === 0 ? [] : [`never served: ${listOf(coverage.neverServed)}`]),
    ...idle.map((step) => `never applied: ${step}`),
  ]
}

function unusedSteps(transforms: ReplaySummary['transforms']): readonly string[] {
  return transforms.chains.flatMap(({ id, steps }) =>
    steps
      .filter(({ applied }) => applied === 0)
      .map(({ step, place }) => `${step} of ${id} (${place.file}:${place.line}:${place.column})`),
  )
}

function summaryJson({ hits, misses, coverage, transforms }: ReplaySummary): unknown {
  return {
    hits,
    misses,
    pairs: coverage.pairs,
    served: coverage.served,
    neverServed: coverage.neverServed,
    unservable: coverage.unservable,
    neverApplied: unusedSteps(transforms),
  }
}

/** Most numbers that one line names. */
const MAX_LISTED = 20

function listOf(ids: readonly number[]): string {
  const shown = ids.slice(0, MAX_LISTED).join(', ')
  return ids.length > MAX_LISTED ? `${shown} and ${ids.length - MAX_LISTED} more` : shown
}
