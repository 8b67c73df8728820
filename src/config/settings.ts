import { readFileSync } from 'node:fs'
import { errorMessage, ResealError, systemErrorCode } from '../core/errors.ts'
import type { SourceSection } from '../core/source-section.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { readConfigText, type ConfigEntry, type ConfigText } from './config-file.ts'
import type { Durability } from '../core/durability.ts'
import { parseDurability } from './durability.ts'
import { parsePace } from './pace.ts'
import { parseSize } from './size.ts'
import { parseTimeout } from './timeout.ts'

/** One setting: its names in each source, its default, and how its text is read. */
export interface SettingRow<T> {
  /** Key in `config/reseal.yaml`. */
  readonly key: string
  /** Environment variable. */
  readonly env: string
  /** Command-line flag. */
  readonly flag: string
  readonly fallback: T
  /** A sentence for manuals and the example file. */
  readonly description: string
  /** @throws ResealError CONFIG_INVALID, its message to follow the setting's name */
  readonly read: (text: string) => T
}

/** Every setting, by its name in {@link Settings}. */
export const SETTINGS = {
  snapshots: {
    key: 'snapshots',
    env: 'RESEAL_SNAPSHOTS',
    flag: '--snapshots',
    fallback: 'snapshots',
    description: 'Directory of the snapshots.',
    read: readPath,
  },
  transforms: {
    key: 'transforms',
    env: 'RESEAL_TRANSFORMS',
    flag: '--transforms',
    fallback: 'transforms',
    description: 'A transform document, or the directory that holds <snapshot>.yaml.',
    read: readPath,
  },
  secrets: {
    key: 'secrets',
    env: 'RESEAL_SECRETS',
    flag: '--secrets',
    fallback: './secrets',
    description: 'Directory of the mounted secrets; no secretPath leads out of it.',
    read: readPath,
  },
  listen: {
    key: 'listen',
    env: 'RESEAL_LISTEN',
    flag: '--listen',
    fallback: '127.0.0.1:8080',
    description: 'HOST:PORT to listen on; port 0 is any free one.',
    read: readAddress,
  },
  maxBodyBytes: {
    key: 'maxBody',
    env: 'RESEAL_MAX_BODY',
    flag: '--max-body',
    fallback: 32 * 1024 * 1024,
    description: 'Bytes up to which a recorded body is stored whole; of a longer one the first MiB is.',
    read: parseSize,
  },
  durability: {
    key: 'durability',
    env: 'RESEAL_DURABILITY',
    flag: '--durability',
    fallback: 'normal',
    description:
      'What a pair outlives once its client has the response: normal a killed reseal, full a power failure too, relaxed neither for the last 256 pairs.',
    read: parseDurability,
  },
  maxPendingBytes: {
    key: 'maxPending',
    env: 'RESEAL_MAX_PENDING',
    flag: '--max-pending',
    fallback: 256 * 1024 * 1024,
    description:
      'Memory for exchanges under way and pairs on their way to the disk; what is past it is not stored.',
    read: parseSize,
  },
  cacheBytes: {
    key: 'cache',
    env: 'RESEAL_CACHE',
    flag: '--cache',
    fallback: 64 * 1024 * 1024,
    description: 'Memory for recorded responses at replay.',
    read: parseSize,
  },
  latency: {
    key: 'latency',
    env: 'RESEAL_LATENCY',
    flag: '--latency',
    fallback: undefined,
    description:
      'Wait before the first byte: none, recorded, or 4x for a quarter of what was recorded; --pace waits there too.',
    read: parsePace,
  },
  pace: {
    key: 'pace',
    env: 'RESEAL_PACE',
    flag: '--pace',
    fallback: undefined,
    description:
      'How fast a replay answers: none does not wait, recorded waits as recorded, 4x is four times as fast.',
    read: parsePace,
  },
  clientTimeoutMs: {
    key: 'clientTimeout',
    env: 'RESEAL_CLIENT_TIMEOUT',
    flag: '--client-timeout',
    fallback: 10_000,
    description: 'How long a client may take for the head of a request, or hold back its content.',
    read: parseTimeout,
  },
  connectTimeoutMs: {
    key: 'connectTimeout',
    env: 'RESEAL_CONNECT_TIMEOUT',
    flag: '--connect-timeout',
    fallback: 10_000,
    description: 'How long connecting to a backend may take while recording, TLS included.',
    read: parseTimeout,
  },
  upstreamTimeoutMs: {
    key: 'upstreamTimeout',
    env: 'RESEAL_UPSTREAM_TIMEOUT',
    flag: '--upstream-timeout',
    fallback: 120_000,
    description: 'How long a backend may take for the head of its response, or pause in its content.',
    read: parseTimeout,
  },
  watch: {
    key: 'watch',
    env: 'RESEAL_WATCH',
    flag: '--no-watch',
    fallback: true,
    description: 'Whether a replay loads snapshot, transform document and key files anew when they change.',
    read: readSwitch,
  },
  quiet: {
    key: 'quiet',
    env: 'RESEAL_QUIET',
    flag: '--quiet',
    fallback: false,
    description: 'Print only the ready lines and what went wrong.',
    read: readSwitch,
  },
} as const satisfies Readonly<Record<string, SettingRow<unknown>>>

type SettingName = keyof typeof SETTINGS

/** Where a setting's value came from. */
type SettingOrigin = 'flag' | 'environment' | 'file' | 'default'

export interface Settings {
  readonly snapshots: string
  readonly transforms: string
  readonly secrets: string
  readonly listen: string
  readonly maxBodyBytes: number
  readonly durability: Durability
  readonly maxPendingBytes: number
  readonly cacheBytes: number
  /** How many times as fast as recorded a replay answers; undefined for no waits at all. */
  readonly pace: number | undefined
  readonly latency: number | undefined
  readonly clientTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly upstreamTimeoutMs: number
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
  const maxPendingBytes = settle('maxPendingBytes', SETTINGS.maxPendingBytes)
  const cacheBytes = settle('cacheBytes', SETTINGS.cacheBytes)
  const latency = settle<number | undefined>('latency', SETTINGS.latency)
  const pace = settle<number | undefined>('pace', SETTINGS.pace)
  const clientTimeoutMs = settle('clientTimeoutMs', SETTINGS.clientTimeoutMs)
  const connectTimeoutMs = settle('connectTimeoutMs', SETTINGS.connectTimeoutMs)
  const upstreamTimeoutMs = settle('upstreamTimeoutMs', SETTINGS.upstreamTimeoutMs)
  const watch = settle<boolean>('watch', SETTINGS.watch)
  const quiet = settle<boolean>('quiet', SETTINGS.quiet)
  return {
    snapshots: snapshots.value,
    transforms: transforms.value,
    secrets: secrets.value,
    listen: listen.value,
    maxBodyBytes: maxBodyBytes.value,
    durability: durability.value,
    maxPendingBytes: maxPendingBytes.value,
    cacheBytes: cacheBytes.value,
    pace: pace.value,
    latency: latency.value,
    clientTimeoutMs: clientTimeoutMs.value,
    connectTimeoutMs: connectTimeoutMs.value,
    upstreamTimeoutMs: upstreamTimeoutMs.value,
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
      maxPendingBytes: maxPendingBytes.origin,
      cacheBytes: cacheBytes.origin,
      pace: pace.origin,
      latency: latency.origin,
      clientTimeoutMs: clientTimeoutMs.origin,
      connectTimeoutMs: connectTimeoutMs.origin,
      upstreamTimeoutMs: upstreamTimeoutMs.origin,
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

function readPath(text: string): string {
  if (text !== '' && !text.includes('\0')) return text
  throw new ResealError('CONFIG_INVALID', 'an empty text is not a path', {
    hint: 'Name a file or directory.',
  })
}

function readAddress(text: string): string {
  return formatListenAddress(parseListenAddress(text))
}

function readSwitch(text: string): boolean {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false
  throw new ResealError('CONFIG_INVALID', `"${text}" is neither true nor false`, {
    hint: 'Write true or false.',
  })
}
