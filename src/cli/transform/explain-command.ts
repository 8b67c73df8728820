import type { Command } from 'commander'
import {
  explainTransforms,
  type ChainExplanation,
  type PairExplanation,
} from '../../app/transform-explain.ts'
import { maskedTarget } from '../../core/masking.ts'
import { printable } from '../../core/printable.ts'
import type { PairId } from '../../core/pair.ts'
import { directoryOptions, settingsOf, transformSources, type DirectoryFlags } from '../directory-options.ts'
import { parsePairId } from '../inspect-commands.ts'
import { jsonLine, type Output } from '../output.ts'
import { count } from '../transform-report.ts'

interface ExplainFlags extends DirectoryFlags {
  readonly json?: true
}

/** `reseal transform explain`: what each chain does in one pair, in words. */
export function addExplainCommand(transform: Command, output: Output): void {
  directoryOptions(transform.command('explain'))
    .description('Say of each chain what it does in a pair: where it applies, or what keeps it out.')
    .argument('<snapshot>', 'name of the snapshot')
    .argument('<pair>', 'number of the pair', parsePairId)
    .option('--json', 'print JSON')
    .action((snapshot: string, pair: PairId, flags: ExplainFlags) => explain(snapshot, pair, flags, output))
}

async function explain(snapshot: string, pair: PairId, flags: ExplainFlags, output: Output): Promise<void> {
  const explained = await explainTransforms(transformSources(settingsOf(flags), snapshot), pair)
  if (flags.json === true) output.data(jsonLine(explained))
  else output.data(`${explanationLines(explained, output).join('\n')}\n`)
}

function explanationLines(
  { pair, request, status, chains }: PairExplanation,
  output: Output,
): readonly string[] {
  const title = output.style('bold', `Pair ${pair}  ${maskedTarget(request)}  →  ${status}`)
  if (chains.length === 0) return [title, 'The document has no chains: the response is served as recorded.']
  return [title, ...chains.flatMap((chain) => chainExplanation(chain, output))]
}

function chainExplanation(
  { id, place, filteredBy, conditional, steps }: ChainExplanation,
  output: Output,
): readonly string[] {
  const name = `${output.style('bold', printable(id))}  ${output.style('dim', `${place.file}:${place.line}`)}`
  if (filteredBy.length > 0) {
    const reasons = filteredBy.map(({ filter, has }) =>
      has === undefined ? filter : `${filter} (the pair has ${printable(has)})`,
    )
    return [name, `  filtered out by ${reasons.join(' and ')}`]
  }
  return [
    name,
    ...(conditional ? ['  only where the live request is as "when" says'] : []),
    ...steps.map(({ step, applied, notFound, place: { line } }) => {
      if (notFound !== undefined) return `  line ${line}  ${step}: not found, ${printable(notFound)}`
      return `  line ${line}  ${step}: ${count(applied.length, 'place')}, ${places(applied)}`
    }),
  ]
}

/** More places than these are only counted. */
const MOST_SHOWN = 10

function places(applied: readonly string[]): string {
  const shown = applied.slice(0, MOST_SHOWN).map(printable).join(', ')
  return applied.length > MOST_SHOWN ? `${shown} and ${applied.length - MOST_SHOWN} more` : shown
}
