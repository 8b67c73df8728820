import type { Command } from 'commander'
import type { Output } from './output.ts'
import { addCheckCommand } from './transform/check-command.ts'
import { addDocsCommand } from './transform/docs-command.ts'
import { addExplainCommand } from './transform/explain-command.ts'
import { addImportCommand } from './transform/import-command.ts'
import { addPreviewCommand } from './transform/preview-command.ts'
import { addScaffoldCommand } from './transform/scaffold-command.ts'

/** `reseal transform`: the document that says what a replay changes. */
export function addTransformCommands(program: Command, output: Output): void {
  const transform = program
    .command('transform')
    .description('Write, check, preview and explain transform documents.')
  addScaffoldCommand(transform, output)
  addCheckCommand(transform, output)
  addPreviewCommand(transform, output)
  addExplainCommand(transform, output)
  addImportCommand(transform, output)
  addDocsCommand(transform, output)
}
