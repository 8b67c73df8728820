import type { Command } from 'commander'
import { redactRules } from '../app/redaction.ts'
import { findSecrets, redactSnapshot, type LiveSecret } from '../app/snapshot-secrets.ts'
import { readDocument } from '../app/loaded-snapshot.ts'
import type { Settings } from '../config/settings.ts'
import { printable } from '../core/printable.ts'
import { snapshotOptions, settingsOf, transformsFileOf, type DirectoryFlags } from './directory-options.ts'
import { jsonLine, type Output } from './output.ts'
import { count } from './transform-report.ts'

interface RedactFlags extends DirectoryFlags {
  readonly output?: string
  readonly keepSignatures?: true
  readonly json?: true
}

/** `reseal redact`: takes the secrets out of a snapshot that was recorded with them. */
export function addRedactCommand(program: Command, output: Output): void {
  snapshotOptions(program.command('redact'))
    .description('Take the secrets out of a snapshot, in place or into another one.')
    .argument('<snapshot>', 'name of the snapshot')
    .option('--output <snapshot>', 'name of a new snapshot; the old one stays as it is')
    .option('--keep-signatures', 'leave JWTs with their signatures')
    .option('--json', 'print JSON')
    .action(async (snapshot: string, flags: RedactFlags) => {
      const settings = settingsOf(flags)
      const document = readDocument(transformsFileOf(settings, snapshot))
      const sources = [settings.redact, document.redact]
      const rules = redactRules(sources, flags.keepSignatures === true)
      const done = await redactSnapshot(settings.snapshots, snapshot, flags.output, rules)
      if (flags.json === true) output.data(jsonLine(done))
      else output.message(`redacted ${done.redacted} of ${count(done.pairs, 'pair')} into ${done.file}`)
      const left = findSecrets(
        settings.snapshots,
        flags.output ?? snapshot,
        redactRules(sources, 'search'),
      ).length
      if (left > 0)
        output.message(
          `${count(left, 'secret')} that may still be used stayed, since --keep-signatures or redact: in a file says so`,
        )
    })
}

/**
 * What a snapshot holds that looks like a secret, whatever the recording was told to leave.
 * @throws ResealError SNAPSHOT_*, CONFIG_INVALID, TRANSFORM_*
 */
export function secretsOf(settings: Settings, snapshot: string): readonly LiveSecret[] {
  const document = readDocument(transformsFileOf(settings, snapshot))
  return findSecrets(settings.snapshots, snapshot, redactRules([settings.redact, document.redact], 'search'))
}

/** A line for each secret, and what to do about them. */
export function secretLines(secrets: readonly LiveSecret[], snapshot: string): readonly string[] {
  if (secrets.length === 0) return ['no secret that could be used was found']
  return [
    ...secrets.map(({ pair, where, kind }) => `pair ${pair}: ${printable(where)} holds ${kind}`),
    `${count(secrets.length, 'secret')} that may still be used; take them out with: reseal redact ${snapshot}`,
  ]
}
