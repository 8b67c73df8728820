import { join } from 'node:path'
import type { Command } from 'commander'
import type { TransformSources } from '../app/transforms.ts'

/** Flags that say where things are; every command has them. */
export interface DirectoryFlags {
  readonly snapshots?: string
  readonly transforms?: string
  readonly secrets?: string
}

export interface Settings {
  readonly snapshots: string
  readonly transforms: string | undefined
  readonly secrets: string
  readonly listen: string
  readonly maxBodyBytes: number
  readonly cacheBytes: number
  readonly quiet: boolean
}

export function directoryOptions(command: Command): Command {
  return command
    .option('--snapshots <dir>', 'directory of the snapshots (default: snapshots)')
    .option('--transforms <file>', 'transform document (default: transforms/<snapshot>.yaml)')
    .option('--secrets <dir>', 'directory of the mounted secrets (default: secrets)')
}

export function settingsOf(flags: DirectoryFlags & { listen?: string; quiet?: true }): Settings {
  return {
    snapshots: flags.snapshots ?? 'snapshots',
    transforms: flags.transforms,
    secrets: flags.secrets ?? 'secrets',
    listen: flags.listen ?? '127.0.0.1:8080',
    maxBodyBytes: 64 * 1024 * 1024,
    cacheBytes: 64 * 1024 * 1024,
    quiet: flags.quiet === true,
  }
}

/** Where a snapshot's transforms are. */
export function transformsFileOf(settings: Settings, snapshot: string): string {
  return settings.transforms ?? join('transforms', `${snapshot.replace(/\.db$/, '')}.yaml`)
}

export function transformSources(
  settings: Settings,
  snapshot: string,
  flags: DirectoryFlags,
): TransformSources {
  return {
    snapshot,
    snapshotsDirectory: settings.snapshots,
    transformsFile: transformsFileOf(settings, snapshot),
    transformsRequired: flags.transforms !== undefined,
    secretsDirectory: settings.secrets,
  }
}

/** Gathers a flag that may be repeated. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value]
}
