import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ResealError, systemErrorCode } from '../../core/errors.ts'
import type { SecretFile, Secrets } from './secrets.ts'

/**
 * Keeps bytes under a name in the secrets directory unless something is there already, and reads back what is there
 * now: of two processes that make a key at the same moment, both end up with the same one. The file (0600) appears
 * whole or not at all; directories that are missing are made (0700).
 * @param name relative, with `/`
 * @throws ResealError SECRET_UNWRITABLE, SECRET_OUTSIDE
 */
export function keepSecret(secrets: Secrets, name: string, bytes: Uint8Array): SecretFile {
  const path = join(secrets.directory, ...name.split('/'))
  const directory = dirname(path)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    if (realpathSync(directory) !== join(realpathSync(secrets.directory), dirname(name))) {
      throw new ResealError(
        'SECRET_OUTSIDE',
        `The directory ${directory} is a symbolic link, so no key is kept in it.`,
      )
    }
    writeOnce(path, bytes)
  } catch (error) {
    if (error instanceof ResealError) throw error
    throw new ResealError(
      'SECRET_UNWRITABLE',
      `The key "${name}" could not be kept in ${directory} (${systemErrorCode(error) ?? 'unknown'}).`,
      {
        cause: error,
        hint: 'Make the secrets directory writable, choose another with --secrets DIR, or mount a key.',
      },
    )
  }
  return secrets.read(name)
}

function writeOnce(path: string, bytes: Uint8Array): void {
  const draft = join(dirname(path), `.${randomBytes(8).toString('hex')}.draft`)
  const descriptor = openSync(draft, 'wx', 0o600)
  try {
    try {
      writeSync(descriptor, bytes)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    publish(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** File systems without hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** A rename would replace the other process's key; a link fails when the name is taken. */
function publish(draft: string, path: string): void {
  try {
    linkSync(draft, path)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST') return
    if (!NO_LINKS.has(code ?? '')) throw error
    copyUnlessThere(draft, path)
  }
}

function copyUnlessThere(draft: string, path: string): void {
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL)
  } catch (error) {
    // The other process was first; its key is read next.
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
}

/**
 * What is kept under a name, undefined when nothing is.
 * @throws ResealError SECRET_OUTSIDE, SECRET_UNREADABLE
 */
export function keptSecret(secrets: Secrets, name: string): SecretFile | undefined {
  try {
    return secrets.read(name)
  } catch (error) {
    // Not made yet; any other reason is the user's to hear.
    if (error instanceof ResealError && error.code === 'SECRET_MISSING') return undefined
    throw error
  }
}
