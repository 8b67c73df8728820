import { readFileSync } from 'node:fs'
import { errorMessage, ResealError, systemErrorCode } from '../core/errors.ts'
import type { SourceSection } from '../core/source-section.ts'
import { readConfigText, type ConfigEntry, type ConfigText } from './config-file.ts'
import type { Durability } from '../core/durability.ts'
import type { Tags } from '../core/tags.ts'
import { SETTINGS, type SettingName, type SettingRow } from './setting-table.ts'

/** Where a setting's value came from. */
type SettingOrigin = 'flag' | 'environment' | 'file' | 'default'

export interface Settings {
  readonly snapshots: string
  readonly transforms: string
  readonly secrets: string
  readonly listen: string
  readonly maxBodyBytes: number
  readonly durability: Durability
  readonly tags: Tags | undefined
  readonly maxPendingBytes: number
  readonly cacheBytes: number
  /** How many times as fast as recorded a replay answers; undefined for no waits at all. */
  readonly pace: number | undefined
  readonly latency: number | undefined
  readonly clientTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly upstreamTimeoutMs: number
  readonly workers: number | 'auto'
  readonly watch: boolean
  readonly quiet: boolean
  /** The issuers of the configuration file, still to be read. */
  readonly issuers: SourceSection | undefined
  /** What it says of redaction, still to be read. */
  readonly redact: SourceSection | undefined
  readonly origins: Readonly<Record<SettingName, SettingOrigin>>
}

export interface SettingSources {
  /** Flags as given, by the name of the setting; an absent one is undefined. */
  readonly flags: Readonly<Partial<Record<SettingName, string | boolean | undefined>>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** The configuration file, relative to the working directory, as are the paths in it. */
  readonly file: string
  /** The user named the file: it must be there. */
  readonly fileRequired: boolean
}

/**
 * Settles every setting: flags over environment over file over defaults. An empty variable counts as absent.
 * @throws ResealError USAGE for a wrong flag; CONFIG_INVALID for a wrong variable, or at a place in the file
 */
export function loadSettings(sources: SettingSources): Settings {
  const { entries: file, sections } = readConfigFile(sources)
  const settle = <T>(name: SettingName, row: SettingRow<T>) => settleSetting(name, row, sources, file)
  const snapshots = settle('snapshots', SETTINGS.snapshots)
  const transforms = settle('transforms', SETTINGS.transforms)
  const secrets = settle('secrets', SETTINGS.secrets)
  const listen = settle('listen', SETTINGS.listen)
  const maxBodyBytes = settle('maxBodyBytes', SETTINGS.maxBodyBytes)
  const durability = settle<Durability>('durability', SETTINGS.durability)
  const tags = settle<Tags | undefined>('tags', SETTINGS.tags)
  const maxPendingBytes = settle('maxPendingBytes', SETTINGS.maxPendingBytes)
  const cacheBytes = settle('cacheBytes', SETTINGS.cacheBytes)
  const latency = settle<number | undefined>('latency', SETTINGS.latency)
  const pace = settle<number | undefined>('pace', SETTINGS.pace)
  const clientTimeoutMs = settle('clientTimeoutMs', SETTINGS.clientTimeoutMs)
  const connectTimeoutMs = settle('connectTimeoutMs', SETTINGS.connectTimeoutMs)
  const upstreamTimeoutMs = settle('upstreamTimeoutMs', SETTINGS.upstreamTimeoutMs)
  const workers = settle<number | 'auto'>('workers', SETTINGS.workers)
  const watch = settle<boolean>('watch', SETTINGS.watch)
  const quiet = settle<boolean>('quiet', SETTINGS.quiet)
  return {
    snapshots: snapshots.value,
    transforms: transforms.value,
    secrets: secrets.value,
    listen: listen.value,
    maxBodyBytes: maxBodyBytes.value,
    durability: durability.value,
    tags: tags.value,
    maxPendingBytes: maxPendingBytes.value,
    cacheBytes: cacheBytes.value,
    pace: pace.value,
    latency: latency.value,
    clientTimeoutMs: clientTimeoutMs.value,
    connectTimeoutMs: connectTimeoutMs.value,
    upstreamTimeoutMs: upstreamTimeoutMs.value,
    workers: workers.value,
    watch: watch.value,
    quiet: quiet.value,
    issuers: sections.get('issuers'),
    redact: sections.get('redact'),
    origins: {
      snapshots: snapshots.origin,
      transforms: transforms.origin,
      secrets: secrets.origin,
      listen: listen.origin,
      maxBodyBytes: maxBodyBytes.origin,
      durability: durability.origin,
      tags: tags.origin,
      maxPendingBytes: maxPendingBytes.origin,
      cacheBytes: cacheBytes.origin,
      pace: pace.origin,
      latency: latency.origin,
      clientTimeoutMs: clientTimeoutMs.origin,
      connectTimeoutMs: connectTimeoutMs.origin,
      upstreamTimeoutMs: upstreamTimeoutMs.origin,
      workers: workers.origin,
      watch: watch.origin,
      quiet: quiet.origin,
    },
  }
}

function readConfigFile({ file, fileRequired }: SettingSources): ConfigText {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch (error) {
    // The file is a convenience: without one, the defaults hold.
    if (systemErrorCode(error) === 'ENOENT' && !fileRequired)
      return { entries: new Map(), sections: new Map() }
    throw new ResealError('CONFIG_INVALID', `Cannot read ${file}: ${errorMessage(error)}`, {
      hint: 'Name a file that can be read, or leave the name out to go by the defaults.',
      cause: error,
    })
  }
  const keys = Object.values(SETTINGS).map(({ key }) => key)
  return readConfigText(source, file, keys)
}

function settleSetting<T>(
  name: SettingName,
  row: SettingRow<T>,
  { flags, env }: SettingSources,
  file: ReadonlyMap<string, ConfigEntry>,
): { readonly value: T; readonly origin: SettingOrigin } {
  const flag = flags[name]
  if (flag !== undefined) {
    return { origin: 'flag', value: explained('USAGE', row.flag, () => row.read(String(flag))) }
  }
  const variable = env[row.env]
  if (variable !== undefined && variable !== '') {
    return { origin: 'environment', value: explained('CONFIG_INVALID', row.env, () => row.read(variable)) }
  }
  const entry = file.get(row.key)
  if (entry !== undefined) {
    const read = (): T => row.read(String(entry.value))
    return { origin: 'file', value: explained('CONFIG_INVALID', row.key, read, entry) }
  }
  return { origin: 'default', value: row.fallback }
}

/** Reads a value; what is wrong with it is told with the name under which the user gave it. */
function explained<T>(code: 'USAGE' | 'CONFIG_INVALID', name: string, read: () => T, entry?: ConfigEntry): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ResealError)) throw error
    throw new ResealError(code, `${name}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(entry === undefined ? {} : { place: entry.place, excerpt: entry.excerpt }),
    })
  }
}
