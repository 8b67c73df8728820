import { closeSync, constants, fstatSync, openSync, readSync, readdirSync, realpathSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { ResealError, systemErrorCode } from '../../core/errors.ts'

/** A secret as read: its bytes, and its names for people. */
export interface SecretFile {
  /** Absolute path looked at, symbolic links not followed. */
  readonly path: string
  /** Path within the secrets directory, with `/`: `jwt-demo/tls.key`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** The secrets directory: the only place keys are read from. */
export interface Secrets {
  /** Absolute path; it need not exist until something is read. */
  readonly directory: string
  /** Where a `secretPath` leads, whether anything is there or not. @throws ResealError SECRET_OUTSIDE */
  locate(secretPath: string): { readonly path: string; readonly name: string }
  /**
   * Reads a file anew. `name/key`, `/home/speedscale/secret/name/key` and `${{secret:name/key}}` all mean
   * `<directory>/name/key`.
   * @throws ResealError SECRET_OUTSIDE when the path leaves the directory: `..`, another absolute path, a symbolic link
   * @throws ResealError SECRET_MISSING when there is no such file
   * @throws ResealError SECRET_UNREADABLE when it is a directory, not readable, or larger than {@link MAX_SECRET_BYTES}
   */
  read(secretPath: string): SecretFile
}

/** No key file is larger; what is, is another file mounted by mistake. */
export const MAX_SECRET_BYTES = 1024 * 1024

/** Names of files in a hint, at most this many. */
const MAX_LISTED = 12

/**
 * The secrets below a directory. Nothing is read, nor need anything exist, before the first `read`. Symbolic links are
 * followed as long as they stay inside, since Kubernetes mounts every key as a link through `..data`.
 * @param directory relative to the working directory, or absolute
 */
export function openSecrets(directory: string): Secrets {
  const root = resolve(directory)
  const locate: Secrets['locate'] = (secretPath) => {
    const name = nameWithin(secretPath)
    return { path: join(root, ...name.split('/')), name }
  }
  return {
    directory: root,
    locate,
    read: (secretPath) => {
      const { path, name } = locate(secretPath)
      return { path, name, bytes: readBounded(realFile(root, path, name), name) }
    },
  }
}

const SPEEDSCALE_MOUNT = '/home/speedscale/secret/'
const SECRET_REFERENCE = /^\$\{\{\s*secret:([^{}]*?)\s*\}\}$/

/** The path below the secrets directory that a `secretPath` means. */
function nameWithin(secretPath: string): string {
  const reference = SECRET_REFERENCE.exec(secretPath)?.[1]
  const path = reference ?? secretPath
  const within = path.startsWith(SPEEDSCALE_MOUNT) ? path.slice(SPEEDSCALE_MOUNT.length) : path
  const segments = within.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (isAbsolute(within) || segments.includes('..')) {
    throw new ResealError('SECRET_OUTSIDE', `The secret path "${secretPath}" leaves the secrets directory.`, {
      hint: 'Write it relative to the secrets directory, as name/key; --secrets DIR chooses that directory.',
    })
  }
  return segments.join('/')
}

/** Where the path really leads, once it is known to be inside. */
function realFile(root: string, path: string, name: string): string {
  let real: string
  let realRoot: string
  try {
    realRoot = realpathSync(root)
    real = realpathSync(path)
  } catch (error) {
    throw unreadable(error, { root, path, name })
  }
  const inside = relative(realRoot, real)
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new ResealError(
      'SECRET_OUTSIDE',
      `The secret "${name}" is a symbolic link that leads outside ${root}.`,
      {
        hint: 'Put the file itself into the secrets directory, or point --secrets at the directory it is in.',
      },
    )
  }
  return real
}

function readBounded(path: string, name: string): Uint8Array {
  let descriptor: number
  try {
    // A link put in the file's place since it was resolved is not followed, and a pipe does not block.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw unreadable(error, { root: path, path, name })
  }
  try {
    const facts = fstatSync(descriptor)
    if (!facts.isFile()) throw notAFile(name, path, facts.isDirectory())
    return readAtMost(descriptor, name)
  } finally {
    closeSync(descriptor)
  }
}

function readAtMost(descriptor: number, name: string): Uint8Array {
  const buffer = Buffer.alloc(MAX_SECRET_BYTES + 1)
  let length = 0
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null)
    length += count
    if (length > MAX_SECRET_BYTES) {
      throw new ResealError('SECRET_UNREADABLE', `The secret "${name}" is larger than 1 MiB.`, {
        hint: 'A key file has a few kilobytes; check that the right file is mounted.',
      })
    }
    if (count === 0) return Uint8Array.from(buffer.subarray(0, length))
  }
}

function notAFile(name: string, path: string, isDirectory: boolean): ResealError {
  if (!isDirectory) {
    return new ResealError('SECRET_UNREADABLE', `The secret "${name}" is neither a file nor a link to one.`)
  }
  return new ResealError('SECRET_UNREADABLE', `The secret "${name}" is a directory, not a file.`, {
    hint: `Name the key in it; ${whatIsIn(path)}.`,
  })
}

interface Lookup {
  readonly root: string
  readonly path: string
  readonly name: string
}

function unreadable(error: unknown, { root, path, name }: Lookup): ResealError {
  const code = systemErrorCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ERR_INVALID_ARG_VALUE') {
    return new ResealError('SECRET_MISSING', `There is no secret "${name}": looked for ${path}.`, {
      cause: error,
      hint: `Put the key file there, or choose the directory with --secrets DIR or RESEAL_SECRETS; ${whatIsIn(root)}.`,
    })
  }
  return new ResealError(
    'SECRET_UNREADABLE',
    `The secret "${name}" at ${path} cannot be read (${code ?? 'unknown'}).`,
    {
      cause: error,
      hint: 'Check that the file and the directories above it are readable by the user reseal runs as.',
    },
  )
}

/** What a person would see looking into the directory; names only, two levels, Kubernetes' `..` entries left out. */
function whatIsIn(directory: string): string {
  let names: readonly string[]
  try {
    names = namesIn(directory)
  } catch {
    // The directory itself is the answer.
    return `the directory ${directory} itself does not exist or cannot be listed`
  }
  if (names.length === 0) return `${directory} is empty`
  const listed = names.slice(0, MAX_LISTED).join(', ')
  return `${directory} holds ${listed}${names.length > MAX_LISTED ? ' and more' : ''}`
}

function namesIn(directory: string): readonly string[] {
  const visible = (name: string): boolean => !name.startsWith('..')
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => visible(entry.name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? subordinateNames(directory, entry.name).filter(visible) : [entry.name],
    )
}

function subordinateNames(directory: string, name: string): readonly string[] {
  try {
    const inner = readdirSync(join(directory, name)).filter((entry) => !entry.startsWith('..'))
    return inner.length === 0 ? [`${name}/`] : inner.sort().map((entry) => `${name}/${entry}`)
  } catch {
    // Not listable by this user; its name alone still helps.
    return [`${name}/`]
  }
}
