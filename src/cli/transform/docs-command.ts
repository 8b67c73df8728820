import type { Command } from 'commander'
import { transformReference, wordReference } from '../../app/transform-docs.ts'
import type { Output } from '../output.ts'

/** `reseal transform docs`: the reference of every word, or of one. */
export function addDocsCommand(transform: Command, output: Output): void {
  transform
    .command('docs')
    .description('Print the reference of transform documents, or of one word.')
    .argument('[word]', 'an extractor or a step, filters or when')
    .action((word: string | undefined) => {
      output.data(`${(word === undefined ? transformReference() : wordReference(word)).trimEnd()}\n`)
    })
}
