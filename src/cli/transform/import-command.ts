import type { Command } from 'commander'
import { importTransforms, writeImported } from '../../app/transform-import.ts'
import type { Output } from '../output.ts'
import { count } from '../transform-report.ts'

interface ImportFlags {
  readonly output?: string
}

/** `reseal transform import`: a document of Speedscale as reseal would write it. */
export function addImportCommand(transform: Command, output: Output): void {
  transform
    .command('import')
    .description("Print a document of Speedscale in reseal's spelling; what cannot be carried over is said.")
    .argument('<file>', 'template or blueprint of Speedscale, JSON or YAML; - reads stdin')
    .option('--output <file>', 'write it to a new file instead')
    .action((file: string, flags: ImportFlags) => {
      const { yaml, chains, notes } = importTransforms(file)
      for (const note of notes) output.message(`note: ${note}`)
      if (flags.output === undefined) return output.data(yaml)
      writeImported(flags.output, yaml)
      output.message(`wrote ${flags.output}: ${count(chains, 'chain')}`)
    })
}
