import type { Command } from 'commander'
import { scaffoldFor, writeScaffoldOnce } from '../../app/scaffold.ts'
import { ResealError } from '../../core/errors.ts'
import { directoryOptions, settingsOf, transformsFileOf, type DirectoryFlags } from '../directory-options.ts'
import type { Output } from '../output.ts'

interface ScaffoldFlags extends DirectoryFlags {
  readonly stdout?: true
}

/** `reseal transform scaffold`: the document that a snapshot needs. */
export function addScaffoldCommand(transform: Command, output: Output): void {
  directoryOptions(transform.command('scaffold'))
    .description('Write the transform document that a snapshot needs; one that is there is never touched.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--stdout', 'print it instead')
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
