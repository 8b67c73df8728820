import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { explainMatches, type Explanation } from '../app/match-explain.ts'
import { ERRORS, errorMessage, ResealError } from '../core/errors.ts'
import { printable } from '../core/printable.ts'
import { missText, nearestJson } from '../app/match-explain.ts'
import { directoryOptions, settingsOf, transformSources, type DirectoryFlags } from './directory-options.ts'
import { jsonLine, type Output } from './output.ts'

interface ExplainFlags extends DirectoryFlags {
  readonly request: string
  readonly target?: string
  readonly json?: true
}

/** `reseal match`: which pair answers what. */
export function addMatchCommand(program: Command, output: Output): void {
  const match = program.command('match').description('See which recorded pair answers a request, and why.')
  directoryOptions(match.command('explain'))
    .description(
      'Say which pair would answer requests, or why none does and what would let one. Exits 4 when something is missed or refused.',
    )
    .argument('<snapshot>', 'name of the snapshot')
    .option(
      '--request <file>',
      'requests to answer: as HTTP writes one, a HAR document, or curl command lines; - reads stdin',
      '-',
    )
    .option('--target <url>', 'the recorded backend they are for (default: what each request says)')
    .option('--json', 'print JSON')
    .action((snapshot: string, flags: ExplainFlags) => explain(snapshot, flags, output))
}

async function explain(snapshot: string, flags: ExplainFlags, output: Output): Promise<void> {
  const explained = await explainMatches({
    ...transformSources(settingsOf(flags), snapshot),
    requests: readInput(flags.request),
    requestsName: flags.request === '-' ? 'stdin' : flags.request,
    target: flags.target,
  })
  if (flags.json === true) output.data(jsonLine({ requests: explained.map(explanationJson) }))
  else output.data(`${explained.flatMap(explanationLines).map(printable).join('\n')}\n`)
  if (explained.some(({ miss, refused }) => miss !== undefined || refused !== undefined))
    output.exitCode = ERRORS.CHECK_FAILED
}

function readInput(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new ResealError('REQUESTS_INVALID', `Cannot read ${file}: ${errorMessage(error)}`, {
      hint: 'Name a file with --request, or give the requests on stdin.',
      cause: error,
    })
  }
}

function explanationLines({ method, target, pair, refused, miss }: Explanation): readonly string[] {
  if (miss !== undefined) return missText(miss)
  if (refused !== undefined) return [`${method} ${target}: 401, and not pair ${pair ?? 0}: ${refused}`]
  return [`${method} ${target}: pair ${pair ?? 0}`]
}

function explanationJson({ method, target, pair, refused, miss }: Explanation): unknown {
  if (refused !== undefined) return { method, target, verdict: 'unauthorized', pair, refused }
  if (miss === undefined) return { method, target, verdict: 'hit', pair }
  const { cause, hint, yaml, nearest } = miss
  return {
    method,
    target,
    verdict: 'miss',
    cause,
    hint,
    ...(yaml === undefined ? {} : { yaml: `${yaml.join('\n')}\n` }),
    nearest: nearestJson(nearest),
  }
}
