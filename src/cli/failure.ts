import { errorMessage, ResealError } from '../core/errors.ts'
import { jsonLine, type Output } from './output.ts'

/**
 * Tells what failed: a sentence, the place and its source line, a hint; with `--json` the same as an object.
 * @returns the exit code
 */
export function reportFailure(error: unknown, output: Output, json: boolean): number {
  const known = error instanceof ResealError ? error : unexpected(error)
  if (json) output.data(jsonLine({ error: failureJson(known) }))
  else for (const line of failureLines(known)) output.message(line)
  return known.exitCode
}

/** Tells of a request that a server could not answer; the server goes on. */
export function reportRequestFailure(error: unknown, output: Output): void {
  const known =
    error instanceof ResealError
      ? error
      : new ResealError('UNEXPECTED', 'A request could not be answered', { cause: error })
  for (const line of failureLines(known)) output.message(line)
}

/** What `--json` gives for an error. */
export function failureJson(error: ResealError): Readonly<Record<string, unknown>> {
  const { code, message, hint, place } = error
  return { code, message, hint, file: place?.file, line: place?.line, column: place?.column }
}

/** An error as lines for people. */
export function failureLines(error: ResealError): readonly string[] {
  const { place } = error
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `
  return [
    `error: ${where}${error.message}`,
    ...(error.excerpt === undefined ? [] : [error.excerpt]),
    ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
  ]
}

/** A bug: its stack helps whoever mends it, and holds no values. */
function unexpected(error: unknown): ResealError {
  const stack = error instanceof Error ? error.stack : undefined
  return new ResealError('UNEXPECTED', `Unexpected failure: ${errorMessage(error)}`, {
    hint: `This is a bug in reseal; please report it with the command you ran.${stack === undefined ? '' : `\n${stack}`}`,
  })
}
