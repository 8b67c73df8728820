import { readFileSync, writeFileSync } from 'node:fs'
import { errorMessage, ResealError, systemErrorCode } from '../core/errors.ts'
import { importSpeedscale, type ImportedDocument } from '../transform/import/speedscale-import.ts'

/**
 * Reads a document of Speedscale and writes it as reseal would.
 * @param file `-` for stdin
 * @throws ResealError TRANSFORM_MISSING, TRANSFORM_INVALID
 */
export function importTransforms(file: string): ImportedDocument {
  return importSpeedscale(readText(file), file === '-' ? 'stdin' : file)
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new ResealError('TRANSFORM_MISSING', `Cannot read ${file}: ${errorMessage(error)}`, {
      hint: 'Name a file of Speedscale, JSON or YAML; - reads stdin.',
      cause: error,
    })
  }
}

/**
 * Writes a new file; one that is there is never touched.
 * @throws ResealError TRANSFORM_INVALID when there is one, TRANSFORM_MISSING when it cannot be written
 */
export function writeImported(file: string, yaml: string): void {
  try {
    writeFileSync(file, yaml, { flag: 'wx' })
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') {
      throw new ResealError('TRANSFORM_INVALID', `${file} is there already and stays as it is`, {
        hint: 'Name another file with --output, or leave it out and look at what is printed.',
      })
    }
    throw new ResealError('TRANSFORM_MISSING', `Cannot write ${file}: ${errorMessage(error)}`, {
      hint: 'Name a file in a directory you may write to with --output.',
      cause: error,
    })
  }
}
