import type { Command } from 'commander'
import { checkTransforms, type TransformCheck } from '../../app/transform-check.ts'
import { ERRORS } from '../../core/errors.ts'
import { failureJson } from '../failure.ts'
import { directoryOptions, settingsOf, transformSources, type DirectoryFlags } from '../directory-options.ts'
import { jsonLine, type Output } from '../output.ts'
import { chainLines, keyLines } from '../transform-report.ts'
import { choice } from './choice.ts'
import { githubLines, humanLines, problemsOf, sarifLog, type ShownProblem } from './problem-formats.ts'

const FORMATS = ['human', 'json', 'github', 'sarif'] as const

type Format = (typeof FORMATS)[number]

interface CheckFlags extends DirectoryFlags {
  readonly json?: true
  readonly format?: Format
  readonly strict?: true
}

/** `reseal transform check`: a document against its snapshot and secrets, as a compiler would. */
export function addCheckCommand(transform: Command, output: Output): void {
  directoryOptions(transform.command('check'))
    .description('Load a transform document against its snapshot and secrets, and count what each step does.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--strict', 'look at what is served too: tokens nobody re-signs or believes are errors')
    .option('--format <format>', `one of ${FORMATS.join(', ')} (default: human)`, choice('format', FORMATS))
    .option('--json', 'the same as --format json')
    .action((snapshot: string, flags: CheckFlags) => check(snapshot, flags, output))
}

async function check(snapshot: string, flags: CheckFlags, output: Output): Promise<void> {
  const strict = flags.strict === true
  const result = await checkTransforms(transformSources(settingsOf(flags), snapshot), strict)
  const problems = problemsOf(result, strict)
  show(result, problems, flags.json === true ? 'json' : (flags.format ?? 'human'), output)
  const [unloadable] = result.errors
  if (unloadable !== undefined) output.exitCode = unloadable.exitCode
  else if (problems.some(({ severity }) => severity === 'error')) output.exitCode = ERRORS.CHECK_FAILED
}

function show(
  result: TransformCheck,
  problems: readonly ShownProblem[],
  format: Format,
  output: Output,
): void {
  switch (format) {
    case 'json':
      return output.data(jsonLine(checkJson(result, problems)))
    case 'github':
      return output.data(githubLines(problems).join(''))
    case 'sarif':
      return output.data(jsonLine(sarifLog(problems)))
    case 'human':
      return showHuman(result, problems, output)
  }
}

/** What does not load is said on stderr, as by every other command. */
function showHuman(
  { file, transforms }: TransformCheck,
  problems: readonly ShownProblem[],
  output: Output,
): void {
  if (transforms === undefined) {
    for (const problem of problems) for (const line of humanLines(problem)) output.message(line)
    if (problems.length > 1) output.message(`${file}: ${problems.length} mistakes`)
    return
  }
  for (const line of [...keyLines(transforms), ...chainLines(transforms.chains)]) output.data(`${line}\n`)
  for (const problem of problems) for (const line of humanLines(problem)) output.data(`${line}\n`)
  if (problems.length === 0) output.data(`${file}: every step applies\n`)
}

function checkJson({ file, errors, transforms }: TransformCheck, problems: readonly ShownProblem[]): unknown {
  const [first] = errors
  if (transforms === undefined) return { file, error: first && failureJson(first), problems }
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
