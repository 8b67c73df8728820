import type { Command } from 'commander'
import type { TransformSources } from '../app/loaded-snapshot.ts'
import { loadSettings, type Settings } from '../config/settings.ts'
import { systemClock } from '../core/time.ts'
import { transformLocation } from '../config/transform-location.ts'

/** Flags that say where things are; every command has them. */
export interface DirectoryFlags {
  readonly snapshots?: string
  readonly transforms?: string
  readonly secrets?: string
  readonly config?: string
}

/** Flags that only some commands have, by the name of their setting. */
interface SettingFlags extends DirectoryFlags {
  readonly listen?: string
  readonly maxBody?: string
  readonly durability?: string
  readonly tag?: readonly string[]
  readonly maxPending?: string
  readonly cache?: string
  readonly pace?: string
  readonly latency?: string
  readonly clientTimeout?: string
  readonly connectTimeout?: string
  readonly upstreamTimeout?: string
  readonly watch?: boolean | undefined
  readonly quiet?: true
}

/** What most commands do without a file of settings. */
const CONFIG_FILE = 'config/reseal.yaml'

/** Adds the flags of {@link DirectoryFlags}; the environment and the configuration file say the same with less typing. */
export function directoryOptions(command: Command): Command {
  return snapshotOptions(command).option(
    '--secrets <dir>',
    'directory of the mounted secrets (default: RESEAL_SECRETS, else secrets)',
  )
}

/** The same for a command that reads no mounted secret. */
export function snapshotOptions(command: Command): Command {
  return command
    .option('--snapshots <dir>', 'directory of the snapshots (default: snapshots)')
    .option(
      '--transforms <file>',
      'transform document, or its directory (default: transforms/<snapshot>.yaml)',
    )
    .option('--config <file>', `file of settings (default: ${CONFIG_FILE})`)
}

/**
 * Flags over environment over file over defaults.
 * @throws ResealError USAGE, CONFIG_INVALID
 */
export function settingsOf(flags: SettingFlags): Settings {
  const {
    maxBody,
    maxPending,
    cache,
    clientTimeout,
    connectTimeout,
    upstreamTimeout,
    config,
    tag,
    ...others
  } = flags
  return loadSettings({
    flags: {
      ...others,
      maxBodyBytes: maxBody,
      tags: tag?.join(','),
      maxPendingBytes: maxPending,
      cacheBytes: cache,
      clientTimeoutMs: clientTimeout,
      connectTimeoutMs: connectTimeout,
      upstreamTimeoutMs: upstreamTimeout,
    },
    env: process.env,
    file: config ?? CONFIG_FILE,
    fileRequired: config !== undefined,
  })
}

/** Where a snapshot's transforms are. */
export function transformsFileOf(settings: Settings, snapshot: string): string {
  return transformLocation(settings.transforms, snapshot).file
}

/** What a replay, a check and a preview read. */
export function transformSources(
  settings: Settings,
  snapshot: string,
  onLog: (line: string) => void = () => {},
): TransformSources {
  const { file, required } = transformLocation(settings.transforms, snapshot)
  return {
    snapshot,
    snapshotsDirectory: settings.snapshots,
    transformsFile: file,
    transformsRequired: required,
    secretsDirectory: settings.secrets,
    issuers: settings.issuers,
    redact: settings.redact,
    clock: systemClock,
    onLog,
  }
}

/** Gathers a flag that may be repeated. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value]
}
