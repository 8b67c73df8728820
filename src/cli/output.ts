import { styleText } from 'node:util'
import { printableText } from '../core/printable.ts'

/** Where a command writes: data for programs, messages for people. */
export interface Output {
  /** Data, on stdout, as it is. */
  data(text: string | Uint8Array): void
  /** A line for people, on stderr. */
  message(line: string): void
  /** People watch the messages as they come: stderr is a terminal. */
  readonly live: boolean
  /** Text in a style where stdout shows colours, else plain. */
  style(format: Style, text: string): string
  /** What the process will exit with if nothing fails. */
  exitCode: number
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Output to this process's stdout and stderr. A reader that went away (`reseal show t | head`) is no error. */
export function processOutput(): Output {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    data: (text) => {
      process.stdout.write(text)
    },
    message: (line) => {
      process.stderr.write(`${printableText(line)}\n`)
    },
    live: process.stderr.isTTY === true,
    style: (format, text) => styleText(format, text, { stream: process.stdout, validateStream: true }),
    exitCode: 0,
  }
}

/** A value as indented JSON and a newline. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** The ready line of a control API, and what it asks for where it asks; without it nobody could come in. */
export function controlLines(
  control: { readonly url: string; readonly token: string | undefined } | undefined,
): readonly string[] {
  if (control === undefined) return []
  const asks =
    control.token === undefined ? [] : [`The control API asks for this bearer token: ${control.token}`]
  return [...asks, `reseal ready control ${control.url}`]
}
