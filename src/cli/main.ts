import { Command, CommanderError } from 'commander'
import { VERSION } from '../app/version.ts'
import { ERRORS, ResealError } from '../core/errors.ts'
import { reportFailure } from './failure.ts'
import { addIssuerCommand } from './issuer-command.ts'
import { addInspectCommands } from './inspect-commands.ts'
import { addMatchCommand } from './match-command.ts'
import { processOutput, type Output } from './output.ts'
import { addRedactCommand } from './secret-commands.ts'
import { addRecordCommand } from './record-command.ts'
import { addReplayCommand } from './replay-command.ts'
import { addTransformCommands } from './transform-commands.ts'

/** Runs one command line and sets the process's exit code; never throws. */
export async function main(args: readonly string[]): Promise<void> {
  // Started by an older node that was killed: there is nobody left to stop this one.
  if (process.env['RESEAL_PARENT'] !== undefined) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
    process.channel?.unref()
  }
  process.exitCode = await run(args, processOutput())
}

/** @returns the exit code */
export async function run(args: readonly string[], output: Output): Promise<number> {
  const program = buildProgram(output, args.includes('--json'))
  try {
    await program.parseAsync([...args], { from: 'user' })
    return output.exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const json = args.includes('--json')
    if (!(error instanceof CommanderError)) return reportFailure(error, output, json)
    // Without --json, commander has told it already.
    return json ? reportFailure(usageError(error), output, json) : ERRORS.USAGE
  }
}

function usageError({ message }: CommanderError): ResealError {
  return new ResealError('USAGE', message.replace(/^error: /, ''), {
    hint: 'reseal --help lists the commands and their options.',
  })
}

function buildProgram(output: Output, json: boolean): Command {
  const program = new Command('reseal')
    .description('Records HTTP exchanges and replays them; recorded tokens that expired are re-signed.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(reseal --help lists the commands and their options)')
    .configureOutput({
      writeOut: (text) => output.data(text),
      writeErr: (text) => {
        if (!json) output.message(text.trimEnd())
      },
    })
  addRecordCommand(program, output)
  addReplayCommand(program, output)
  addIssuerCommand(program, output)
  addTransformCommands(program, output)
  addMatchCommand(program, output)
  addInspectCommands(program, output)
  addRedactCommand(program, output)
  return program
}
