import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, sep, isAbsolute } from 'node:path'
import { errorMessage, ResealError } from '../core/errors.ts'

/** Files of data are tables that a person has written; a larger one is another file. */
const MAX_DATA_BYTES = 10 * 1024 * 1024

/**
 * Reads a file of data that a transform document names. It must lie in the document's directory, links followed.
 * @throws ResealError TRANSFORM_INVALID when it cannot be read, lies elsewhere or is larger than {@link MAX_DATA_BYTES}
 */
export function readDataFile(directory: string, path: string): string {
  try {
    const file = realpathSync(join(directory, path))
    const inside = relative(realpathSync(directory), file)
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) throw outside(path)
    if (statSync(file).size > MAX_DATA_BYTES) throw tooLarge(path)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof ResealError) throw error
    throw new ResealError('TRANSFORM_INVALID', `Cannot read ${path}: ${errorMessage(error)}`, {
      hint: 'Name a file in the directory of the transform document.',
      cause: error,
    })
  }
}

function outside(path: string): ResealError {
  return new ResealError('TRANSFORM_INVALID', `The file ${path} lies outside the directory of the document`, {
    hint: 'Put it beside the transform document.',
  })
}

function tooLarge(path: string): ResealError {
  return new ResealError('TRANSFORM_INVALID', `The file ${path} is larger than 10 MiB`, {
    hint: 'Keep the rows that the recording needs.',
  })
}
