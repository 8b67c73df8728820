import { ResealError } from '../core/errors.ts'
import { parseTags } from '../core/tags.ts'
import { formatListenAddress, parseListenAddress } from '../core/listen-address.ts'
import { parseDurability } from './durability.ts'
import { parsePace } from './pace.ts'
import { parseSize } from './size.ts'
import { parseTimeout } from './timeout.ts'
import { parseWorkers } from './workers.ts'

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
  tags: {
    key: 'tags',
    env: 'RESEAL_TAGS',
    flag: '--tag',
    fallback: undefined,
    description:
      'What a recording says of its pairs, such as team=pay,direction=in; filters of transforms ask for it.',
    read: parseTags,
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
  workers: {
    key: 'workers',
    env: 'RESEAL_WORKERS',
    flag: '--workers',
    fallback: 'auto',
    description:
      'How many processes serve a replay: 1 to 64, or auto: one, and another whenever those that serve are busy, up to the cores less one.',
    read: parseWorkers,
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

/** A setting's name in {@link SETTINGS}. */
export type SettingName = keyof typeof SETTINGS

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
