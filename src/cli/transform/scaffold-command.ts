import type { Command } from 'commander'
import { createTwoFilesPatch } from 'diff'
import { scaffoldChange, scaffoldFor, writeScaffold, type ScaffoldChange } from '../../app/scaffold.ts'
import { directoryOptions, settingsOf, transformsFileOf, type DirectoryFlags } from '../directory-options.ts'
import type { Output } from '../output.ts'
import { count } from '../transform-report.ts'

interface ScaffoldFlags extends DirectoryFlags {
  readonly stdout?: true
  readonly dryRun?: true
  readonly diff?: true
}

/** `reseal transform scaffold`: the document that a snapshot needs. */
export function addScaffoldCommand(transform: Command, output: Output): void {
  directoryOptions(transform.command('scaffold'))
    .description(
      'Write the transform document that a snapshot needs; to one that is there, add what it does not reach yet.',
    )
    .argument('<snapshot>', 'name of the snapshot')
    .option('--dry-run', 'say what would be written, and write nothing')
    .option('--diff', 'print what would change, and write nothing')
    .option('--stdout', 'print a new document instead, whatever is there')
    .action((snapshot: string, flags: ScaffoldFlags) => scaffold(snapshot, flags, output))
}

function scaffold(snapshot: string, flags: ScaffoldFlags, output: Output): void {
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
  const change = scaffoldChange(sources)
  for (const note of change.notes) output.message(`note: ${note}`)
  if (flags.diff === true) return output.data(patchOf(change))
  if (flags.dryRun !== true) writeScaffold(change)
  output.message(outcome(change, flags.dryRun === true))
}

function outcome({ file, before, yaml, added }: ScaffoldChange, dryRun: boolean): string {
  if (before === undefined) return `${dryRun ? 'would write' : 'wrote'} ${file}`
  if (before === yaml) return `${file} has all that the snapshot needs`
  const chains = added.length === 0 ? 'a match' : `${count(added.length, 'chain')}, ${added.join(', ')}`
  return `${dryRun ? 'would add' : 'added'} to ${file}: ${chains}`
}

function patchOf({ file, before, yaml }: ScaffoldChange): string {
  if (before === yaml) return ''
  const from = before === undefined ? '/dev/null' : file
  return createTwoFilesPatch(from, file, before ?? '', yaml, undefined, undefined, { context: 3 })
}
