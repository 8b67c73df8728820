import { stringify } from 'yaml'
import { printable } from '../../core/printable.ts'

/** An extractor or step as a document spells it: a word, or a map of one. */
export type WrittenMember = string | Readonly<Record<string, unknown>>

/** A chain as a document has it. */
export interface WrittenChain {
  readonly id: string
  readonly filters: Readonly<Record<string, unknown>>
  readonly extractor: WrittenMember
  readonly steps: readonly WrittenMember[]
}

/**
 * A chain as lines of a document, indented as an item of `responder`.
 * @param comment lines that stand above it
 */
export function writtenChain(
  { id, filters, extractor, steps }: WrittenChain,
  comment: readonly string[],
): readonly string[] {
  return [
    ...comment.map((line) => `  # ${printable(line)}`.trimEnd()),
    `  - id: ${inline(id)}`,
    ...(Object.keys(filters).length === 0 ? [] : [`    filters: ${inline(filters)}`]),
    `    extractor: ${inline(extractor)}`,
    '    transforms:',
    ...steps.map((step) => `      - ${writtenStep(step)}`),
  ]
}

/** `json_path: a`, `jwt_resign: {}`, `url_fragment`. */
function writtenStep(step: WrittenMember): string {
  const [only, ...others] = typeof step === 'string' ? [] : Object.entries(step)
  return only === undefined || others.length > 0 ? inline(step) : `${only[0]}: ${inline(only[1])}`
}

/** A value in one line of YAML. */
export function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, blockQuote: false }).trimEnd()
}
